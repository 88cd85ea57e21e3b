package quantized

import "mien/asm/internal/kernel"

// Panels are weights [N, K], packed: panels of NR rows of W, in each the first word of every row, then the second …
// Made by PackBF16 and PackInt8.
type Panels struct {
	format format
	N, K   int
	words  []uint32
	scales []float32 // int8: of each row of W
	start  []int32   // int8: cancels the zero point of A in a sum
}

// Reset makes room for an operand of n lines of kk terms in the format of some kernels, whose PackOperand fills it.
func (p *Panels) Reset(k *Kernels, n, kk int) {
	p.format, p.N, p.K = k.format, n, kk
	kernel.Room(&p.words, kernel.RoundUp(n, NR)*k.format.words(kk))
}

// Bytes returns how much memory p holds.
func (p *Panels) Bytes() int { return 4 * (len(p.words) + len(p.scales) + len(p.start)) }

// packWords lays out W [n, k], reading its rows a panel at a time. Padding of the last word and the last panel is zero.
func packWords[T uint16 | int8](f format, w []T, n, k int) []uint32 {
	if k > MaxK {
		panic("quantized: a sum at low precision has at most 65536 terms")
	}
	group, steps := f.group, f.words(k)
	bits := 32 / group
	mask := uint32(1)<<bits - 1
	words := make([]uint32, kernel.RoundUp(n, NR)*steps)
	for from := 0; from < n; from += NR {
		for s := range steps {
			to := words[from*steps+s*NR:][:NR]
			for j := range min(NR, n-from) {
				row := w[(from+j)*k:][:k]
				for i, v := range row[s*group : min((s+1)*group, k)] {
					to[j] |= uint32(v) & mask << (i * bits)
				}
			}
		}
	}
	return words
}

// PackBF16 packs weights [n, k], the bits of bfloat16s, to be multiplied many times.
func PackBF16(w []uint16, n, k int) *Panels {
	return &Panels{format: bf16Format, N: n, K: k, words: packWords(bf16Format, w, n, k)}
}

// PackInt8 packs weights [n, k], values·scales with a scale for each of the n rows, to be multiplied many times.
func PackInt8(values []int8, scales []float32, n, k int) *Panels {
	p := &Panels{format: int8Format, N: n, K: k, words: packWords(int8Format, values, n, k),
		scales: make([]float32, kernel.RoundUp(n, NR)), start: make([]int32, kernel.RoundUp(n, NR))}
	copy(p.scales, scales[:n])
	for j := range n { // Σ (a + 128)·w − 128·Σ w = Σ a·w
		for _, v := range values[j*k:][:k] {
			p.start[j] -= zeroPoint * int32(v)
		}
	}
	return p
}
