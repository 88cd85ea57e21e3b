package cpu_test

import (
	"fmt"
	"runtime"
	"testing"

	"mien/asm"
	"mien/engine"
	"mien/engine/cpu"
)

// BenchmarkGemm reports GFLOP/s of products as a linear layer runs them, w as it is stored or packed, for numbers of threads.
func BenchmarkGemm(b *testing.B) {
	cpu := cpu.New()
	for _, s := range [][3]int{{1024, 1024, 1024}, {800, 3072, 768}, {800, 768, 768}, {100, 768, 768}, {800, 192, 768}, {800, 7, 768}} {
		m, n, k := s[0], s[1], s[2]
		x, w, y := ones(cpu, m, k), ones(cpu, n, k), ones(cpu, m, n)
		for _, packed := range []bool{false, true} {
			for threads := 1; threads <= min(runtime.NumCPU(), 2); threads++ {
				name := fmt.Sprintf("shape=%dx%dx%d/packed=%v/threads=%d/impl=%s", m, n, k, packed, threads, asm.F32().Name)
				b.Run(name, func(b *testing.B) {
					defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(threads))
					g := engine.GemmArgs{C: y, A: x, B: w, M: m, N: n, K: k, TransB: true, LDA: k, LDB: k, LDC: n, Batch: 1}
					if packed {
						g.Packed = cpu.PackWeight(w, engine.Full)
						defer g.Packed.Free()
					}
					for b.Loop() {
						cpu.Gemm(g)
					}
					b.ReportMetric(2*float64(m*n)*float64(k)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
				})
			}
		}
	}
}

// BenchmarkLayer reports GFLOP/s of the three products of a linear layer in training, at float32 and at bf16.
func BenchmarkLayer(b *testing.B) {
	cpu := cpu.New()
	for _, s := range [][3]int{{1600, 2304, 768}, {1600, 768, 768}, {1600, 3072, 768}, {1600, 768, 3072}, {800, 768, 768}} {
		rows, out, in := s[0], s[1], s[2]
		x, w, y := ones(cpu, rows, in), ones(cpu, out, in), ones(cpu, rows, out)
		dx, dw, dy := ones(cpu, rows, in), ones(cpu, out, in), ones(cpu, rows, out)
		products := map[string]engine.GemmArgs{
			"forward":    {C: y, A: x, B: w, M: rows, N: out, K: in, TransB: true, LDA: in, LDB: in, LDC: out, Batch: 1},
			"inputgrad":  {C: dx, A: dy, B: w, M: rows, N: in, K: out, LDA: out, LDB: in, LDC: in, Batch: 1},
			"weightgrad": {C: dw, A: dy, B: x, M: out, N: in, K: rows, TransA: true, LDA: out, LDB: in, LDC: in, Batch: 1, Accumulate: true},
		}
		for _, op := range []string{"forward", "inputgrad", "weightgrad"} {
			for _, precision := range []engine.Precision{engine.Full, engine.BF16} {
				for threads := 1; threads <= min(runtime.NumCPU(), 2); threads++ {
					name := fmt.Sprintf("op=%s/shape=%dx%dx%d/precision=%v/threads=%d", op, rows, out, in, precision, threads)
					b.Run(name, func(b *testing.B) {
						defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(threads))
						g := products[op]
						g.Precision = precision
						for b.Loop() {
							cpu.Gemm(g)
						}
						b.ReportMetric(2*float64(rows*out)*float64(in)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
					})
				}
			}
		}
	}
}

// BenchmarkGroupedGemm is a layer of four experts in each of its three products.
func BenchmarkGroupedGemm(b *testing.B) {
	cpu := cpu.New()
	for _, s := range []struct{ rows, k, n int }{{200, 128, 32}, {1600, 128, 32}, {1600, 768, 192}} {
		a := engine.GroupedArgs{X: ones(cpu, s.rows, s.k), Y: ones(cpu, s.rows, s.n)}
		for range 4 {
			a.W, a.B = append(a.W, ones(cpu, s.n, s.k)), append(a.B, ones(cpu, s.n))
		}
		end := int32(s.rows)
		a.Offsets = engine.FromSlice(cpu, engine.Int32, []int32{0, end / 2, end / 2, end * 5 / 8, end}, 5)
		for mode, name := range []string{"forward", "inputgrad", "weightgrad"} {
			a.Mode = engine.GroupedMode(mode)
			b.Run(fmt.Sprintf("op=%s/shape=%dx%dx%d/impl=%s", name, s.rows, s.n, s.k, asm.F32().Name), func(b *testing.B) {
				for b.Loop() {
					cpu.GroupedGemm(a)
				}
				b.ReportMetric(2*float64(s.rows*s.n*s.k)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}

func ones(cpu *cpu.Backend, shape ...int) *engine.Tensor {
	t := engine.New(cpu, engine.Float32, shape...)
	cpu.Fill(t, 1)
	return t
}
