package quantized

import (
	"fmt"
	"testing"
)

// BenchmarkOperand reports the float32 gigabytes a second that are converted into rows and into panels, from memory: operands take turns.
func BenchmarkOperand(b *testing.B) {
	k := implementations(bf16Format)[0]
	const lines, terms = 3072, 1600
	var sources [4][]float32
	for i := range sources {
		sources[i] = make([]float32, lines*terms)
		for j := range sources[i] {
			sources[i][j] = float32(j)
		}
	}
	run := func(name string, fn func(x []float32)) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(lines * terms * 4)
			for i := 0; b.Loop(); i++ {
				fn(sources[i%4])
			}
		})
	}
	var rows Rows
	var panels Panels
	rows.Reset(k, lines, terms)
	panels.Reset(k, lines, terms)
	for _, across := range []bool{false, true} {
		for _, parts := range []int{1, 8} {
			o := Operand{LD: terms, Across: across}
			if across {
				o.LD = lines
			}
			run(fmt.Sprintf("rows/across=%v/parts=%d", across, parts), func(x []float32) {
				o.F32 = x
				for part := range parts {
					k.ConvertOperand(&rows, o, part, parts)
				}
			})
			run(fmt.Sprintf("panels/across=%v/parts=%d", across, parts), func(x []float32) {
				o.F32 = x
				for part := range parts {
					k.PackOperand(&panels, o, part, parts)
				}
			})
		}
	}
}
