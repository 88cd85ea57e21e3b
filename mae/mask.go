package mae

import (
	"fmt"
	"math/rand/v2"
	"slices"

	ag "mien/autograd"
	"mien/engine"
)

// Which patches are hidden: random masks, and the row indices by which mae.go selects visible and hidden patches.
// Go on with system.go.

// Mask lists the visible and hidden patches: every sample has the same number of each.
type Mask struct {
	Batch, Tokens   int
	Visible, Hidden int     // per sample
	visible, hidden []int32 // rows of [B·N], sample by sample in the order of the patches
}

// HiddenPatches returns how many of a sample's patches a ratio hides, ⌊ratio·tokens⌋.
func HiddenPatches(tokens int, ratio float64) int {
	return int(ratio*float64(tokens) + 1e-9) // 0.9·100 must be 90 despite rounding
}

// CheckRatio returns an error for a ratio that hides no patch, so that the loss would always be 0, or every patch.
func CheckRatio(tokens int, ratio float64) error {
	if n := HiddenPatches(tokens, ratio); !(n > 0 && n < tokens) {
		return fmt.Errorf("a mask ratio of %v: of %d patches it must hide at least one and show at least one", ratio, tokens)
	}
	return nil
}

// RandomMask hides exactly ⌊ratio·tokens⌋ patches of each sample, drawn uniformly, without tubes, as in the released code. The
// ratio must pass CheckRatio.
func RandomMask(batch, tokens int, ratio float64, rng *rand.Rand) *Mask {
	return TubeMask(batch, 1, tokens, ratio, rng)
}

// TubeMask hides the same ⌊ratio·places⌋ places of a sample, drawn uniformly, at each of so many times (VideoMAE, Tong et al. 2022,
// section 3.3). The ratio must pass CheckRatio for the places.
func TubeMask(batch, times, places int, ratio float64, rng *rand.Rand) *Mask {
	hidden := make([]float32, batch*times*places)
	for b := range batch {
		for _, i := range rng.Perm(places)[:HiddenPatches(places, ratio)] {
			for t := range times {
				hidden[(b*times+t)*places+i] = 1
			}
		}
	}
	return NewMask(batch, times*places, hidden)
}

// NewMask takes a mask [B·N] of ones (hidden) and zeros. Every sample must hide the same number of patches, with at least one
// hidden and one visible.
func NewMask(batch, tokens int, hidden []float32) *Mask {
	m := &Mask{Batch: batch, Tokens: tokens}
	for i, h := range hidden {
		if h == 0 {
			m.visible = append(m.visible, int32(i))
		} else {
			m.hidden = append(m.hidden, int32(i))
		}
	}
	m.Visible, m.Hidden = len(m.visible)/max(batch, 1), len(m.hidden)/max(batch, 1)
	wrong := m.Visible == 0 || m.Hidden == 0 || len(hidden) != batch*tokens
	for i := 0; i < len(m.visible) && !wrong; i++ {
		wrong = int(m.visible[i])/tokens != i/m.Visible
	}
	if wrong {
		panic(&engine.ShapeError{Op: "mask", Got: fmt.Sprintf("%d patches shown and %d hidden", len(m.visible), len(m.hidden)),
			Want: fmt.Sprintf("%d samples that hide the same number of their %d patches, at least one, and show at least one", batch, tokens)})
	}
	return m
}

// places is a mask on a backend, as row indices.
type places struct {
	visible ag.Rows // from [B·N] to the visible rows [B·V]; transposed, back to [B·N], with zeros elsewhere
	hidden  ag.Rows // from [B·N] to the hidden rows [B·M]
	order   ag.Rows // from a table of N positions to the visible rows; it has no gradient
}

// on uploads the mask in a single transfer.
func (m *Mask) on(t *ag.Tape) places {
	rows, order := m.Batch*m.Tokens, make([]int32, len(m.visible))
	for i, v := range m.visible {
		order[i] = v % int32(m.Tokens)
	}
	parts := [][]int32{m.visible, inverse(m.visible, rows), m.hidden, inverse(m.hidden, rows), order}
	values := slices.Concat(parts...)
	all, next := t.Const(engine.FromSlice(t.Backend(), engine.Int32, values, len(values), 1)).Data(), 0
	var index []*engine.Tensor
	for _, part := range parts {
		index = append(index, t.Const(all.Range(next, next+len(part))).Data())
		next += len(part)
	}
	return places{
		visible: ag.Rows{From: index[0], Back: index[1]},
		hidden:  ag.Rows{From: index[2], Back: index[3]},
		order:   ag.Rows{From: index[4]},
	}
}

// inverse returns the index in the list of each of n rows, or −1.
func inverse(list []int32, n int) []int32 {
	at := slices.Repeat([]int32{-1}, n)
	for i, r := range list {
		at[r] = int32(i)
	}
	return at
}
