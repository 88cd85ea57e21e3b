package main

import (
	"runtime"
	"sync"
	"time"

	"mien/asm"
	"mien/engine"
)

// The bench commands, and bench gemm. Models are measured by bench_model.go.

type benchCmd struct {
	Gemm     benchGemmCmd     `cmd:"" help:"Multiply matrices, and compare with the FMA peak, that of multiply-adds on registers."`
	Forward  benchForwardCmd  `cmd:"" help:"Classify random pixels, as predict does."`
	Train    benchTrainCmd    `cmd:"" help:"Take training steps on random pixels, as finetune does."`
	Pretrain benchPretrainCmd `cmd:"" help:"Take steps of the masked autoencoder on random pixels, as pretrain does."`
}

type benchGemmCmd struct {
	M         int              `json:"m" help:"Rows of A and C." default:"1024"`
	N         int              `json:"n" help:"Columns of B and C." default:"1024"`
	K         int              `json:"k" help:"Columns of A, rows of B." default:"1024"`
	Batch     int              `json:"batch" help:"Products in one call, each of its own matrices." default:"1"`
	TransB    bool             `json:"trans_b" help:"Store B as [N, K], as the weights of a layer are."`
	Packed    bool             `json:"packed" help:"Pack B once, before the runs, as inference does with weights."`
	Precision engine.Precision `json:"-" help:"Number format: f32, bf16 or int8. The last two convert A in the measured time, and B before, as --packed does." default:"f32"`
	Repeat    int              `json:"-" help:"Runs of at least 20 ms, of which the median counts." default:"15"`
	JSON      bool             `json:"-" help:"Print JSON."`
}

// Formats of what the benchmarks print.
const (
	gemmFormat = "mien-bench-gemm-1"
	stepFormat = "mien-bench-step-1"
)

// gemmReport is what bench gemm prints.
type gemmReport struct {
	Format string `json:"format"`
	*benchGemmCmd
	machine
	Milliseconds float64 `json:"ms"`
	speed
}

func (c *benchGemmCmd) Run(out *console) error {
	if min(c.M, c.N, c.K, c.Batch, c.Repeat) < 1 {
		return usagef("--m, --n, --k, --batch and --repeat must be at least 1")
	}
	c.Packed = c.Packed || c.Precision != engine.Full
	if c.Packed && c.Batch > 1 {
		return usagef("--packed, bf16 and int8 are for one weight: leave out --batch")
	}
	batch, m, n, k := float64(c.Batch), float64(c.M), float64(c.N), float64(c.K)
	if batch*(m*k+k*n+m*n) > 1<<31 {
		return usagef("matrices of %d×%d×%d do not fit in 8 GiB: choose smaller ones", c.M, c.N, c.K)
	}
	if err := out.backend.Supports(c.Precision, false); err != nil {
		return err
	}
	work := c.work(out.backend)
	on, t, err := measure(out.ctx, out.backend, c.Precision, c.Repeat, 2*batch*m*n*k/1e9, func() error { out.backend.Gemm(work); return nil })
	if err != nil {
		return err
	}
	row := cells("%d\t%d\t%d\t%d\t%s\t%.2f\t%.1f", c.M, c.N, c.K, on.Threads, on.Kernels, t.Milliseconds, t.GFLOPS)
	header := cells("m\tn\tk\tthreads\tkernels\tms\tGFLOP/s")
	if t.PeakGFLOPS > 0 {
		header = append(header, "peak", "of peak")
		row = append(row, cells("%.1f\t%.1f %%", t.PeakGFLOPS, 100*t.PeakFraction)...)
	}
	return out.print(c.JSON, gemmReport{gemmFormat, c, on, t.Milliseconds, t.speed}, header, row)
}

// work returns a product of matrices of small integers.
func (c *benchGemmCmd) work(b engine.Backend) engine.GemmArgs {
	fill := func(rows, columns int) *engine.Tensor {
		values := make([]float32, c.Batch*rows*columns)
		for i := range values {
			values[i] = float32(i%7 - 3)
		}
		return engine.FromSlice(b, engine.Float32, values, c.Batch*rows, columns)
	}
	x, y, z := fill(c.M, c.K), fill(c.N, c.K), engine.Zeros(b, engine.Float32, c.Batch*c.M, c.N) // y has as many elements as [K, N]
	g := engine.GemmArgs{C: z, A: x, B: y, M: c.M, N: c.N, K: c.K, TransB: c.TransB, LDA: c.K, LDB: c.N, LDC: c.N,
		Batch: c.Batch, AStride: c.M * c.K, BStride: c.K * c.N, CStride: c.M * c.N}
	if c.TransB {
		g.LDB = c.K
	}
	if c.Packed {
		g.Packed = b.PackWeight(y, c.Precision)
	}
	return g
}

// peakGFLOPS runs the multiply-adds of a precision on registers, on the given number of threads or, if there are fewer, on each processor:
// threads that share one would add up to more than it can do.
func peakGFLOPS(threads int, p engine.Precision) float64 {
	const rounds = 1_000_000
	loop := asm.F32().FMALoop
	switch p {
	case engine.BF16:
		loop = asm.F32().BF16.Peak
	case engine.Int8:
		loop = asm.F32().Int8.Peak
	}
	rates := make([]float64, min(threads, runtime.NumCPU())) // each thread has its own clock, because it may start late
	var wg sync.WaitGroup
	for i := range rates {
		wg.Go(func() {
			start := time.Now()
			rates[i] = loop(rounds) / time.Since(start).Seconds() / 1e9
		})
	}
	wg.Wait()
	total := 0.0
	for _, r := range rates {
		total += r
	}
	return total
}
