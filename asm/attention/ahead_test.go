package attention

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"mien/asm/internal/kernel"
)

// Products of a head take every row of the next one, matrix after matrix in the order in which they are read.
func TestAheadIsTakenRowByRow(t *testing.T) {
	for _, k := range implementations() {
		for _, stored := range []bool{false, true} {
			heads, grads := attentionShape{batch: 1, tokens: 100, heads: 2, dim: 32}.layer(stored)
			h, g := heads[1], grads[1]
			var forward, backward []unsafe.Pointer
			for _, e := range []Elements[float32]{h.K, h.V, h.Q} {
				forward = append(forward, rowsOf(e, h.Stride, h.Tokens)...)
			}
			backward = append(append(append(backward, forward...), rowsOf(g.DOut, h.OutStride, h.Tokens)...), rowsOf(h.Out, h.OutStride, h.Tokens)...)
			for _, e := range []Elements[float32]{g.DQ, g.DK, g.DV} {
				backward = append(backward, rowsOf(e, h.Stride, h.Tokens)...)
			}
			require.Equal(t, forward, taken(k, k.AheadOf(&h)), k.gemm.Name)
			require.Equal(t, backward, taken(k, k.AheadOfGrad(&h, &g)), k.gemm.Name)
		}
	}
}

// rowsOf returns where the rows of a matrix begin.
func rowsOf(e Elements[float32], stride, rows int) (at []unsafe.Pointer) {
	for r := range rows {
		if row := e.From(r * stride); e.BF16 != nil {
			at = append(at, unsafe.Pointer(&row.BF16[0]))
		} else {
			at = append(at, unsafe.Pointer(&row.Float[0]))
		}
	}
	return at
}

// taken returns the rows that products of all sizes get, and requires that none gets more than its strips fetch.
func taken(k *Kernels[float32], a Ahead) (at []unsafe.Pointer) {
	for m := 1; m < 200; m++ {
		l := k.during(&a, panelProduct[float32]{m: m, n: 2 * m, k: m + 9}).ahead
		if l.rows > (m+9)/aheadSteps*kernel.CeilDiv(m, k.gemm.MR)*kernel.CeilDiv(2*m, k.width) {
			return nil
		}
		for r := range l.rows {
			at = append(at, unsafe.Add(l.x, r*l.step))
		}
	}
	return at
}

// Long heads leave nothing to fetch, as it would leave L2 before it is read.
func TestLongHeadsAreNotFetched(t *testing.T) {
	for _, k := range implementations() {
		for _, tokens := range []int{k.AttentionKeys(), k.AttentionKeys() + 1} {
			heads, grads := attentionShape{batch: 1, tokens: tokens, heads: 1, dim: 16}.layer(false)
			long := tokens > k.AttentionKeys()
			require.Equal(t, long, k.AheadOf(&heads[0]) == Ahead{}, k.gemm.Name)
			require.Equal(t, long, k.AheadOfGrad(&heads[0], &grads[0]) == Ahead{}, k.gemm.Name)
		}
	}
}
