package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"time"

	"mien/asm"
	"mien/engine"
	"mien/report"
)

// Timing and memory of repeated steps, and the report that the benchmarks of models print.

// stepReport is the output of the benchmarks of whole models.
type stepReport struct {
	Model        string           `json:"model"`
	Batch        int              `json:"batch"`
	Tokens       int              `json:"tokens"` // of one sample
	Threads      int              `json:"threads"`
	Precision    engine.Precision `json:"precision"`
	Kernels      string           `json:"kernels"`
	Parameters   int              `json:"parameters"` // used by the step: without the head of the other modality
	GFLOP        float64          `json:"gflop"`      // of one step, counted by formula
	Milliseconds float64          `json:"ms"`         // median
	Fastest      float64          `json:"ms_min"`
	GFLOPS       float64          `json:"gflops"`
	PeakGFLOPS   float64          `json:"peak_gflops"` // multiply-adds of this precision on registers, measured between the steps
	PeakFraction float64          `json:"peak_fraction"`
	PeakRSS      float64          `json:"peak_rss_mib"` // of the steps, including the model; 0 if unknown
	Allocated    uint64           `json:"alloc_bytes_per_step"`
}

// measure runs step once to warm up and then repeat times. The names and counts of the report are already filled in.
func (r *stepReport) measure(ctx context.Context, repeat int, step func() error) error {
	r.Threads, r.Kernels = runtime.GOMAXPROCS(0), asm.F32().Name
	if err := step(); err != nil {
		return err
	}
	forgetPeakRSS()
	var times, peaks []float64
	var allocated []uint64
	for range repeat {
		if err := ctx.Err(); err != nil {
			return err
		}
		peaks = append(peaks, peakGFLOPS(r.Threads, r.Precision))
		before, start := totalAlloc(), time.Now()
		if err := step(); err != nil {
			return err
		}
		times = append(times, time.Since(start).Seconds())
		allocated = append(allocated, totalAlloc()-before)
	}
	seconds := median(times)
	r.Milliseconds, r.Fastest = seconds*1e3, slices.Min(times)*1e3
	r.GFLOPS, r.PeakGFLOPS = r.GFLOP/seconds, median(peaks)
	r.PeakFraction = r.GFLOPS / r.PeakGFLOPS
	r.PeakRSS, r.Allocated = peakRSS(), median(allocated)
	return nil
}

// totalAlloc returns the total bytes ever allocated on the Go heap.
func totalAlloc() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// forgetPeakRSS resets the peak on Linux, so that it excludes drawing random weights.
func forgetPeakRSS() {
	debug.FreeOSMemory()
	os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // elsewhere, or without permission, the old peak stays
}

// peakRSS returns the largest resident memory of the process in MiB, 0 outside Linux.
func peakRSS() float64 {
	status, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := bytes.Cut(status, []byte("VmHWM:"))
	fields := bytes.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kib, _ := strconv.ParseFloat(string(fields[0]), 64)
	return kib / 1024
}

func (r *stepReport) print(out *console, asJSON bool) error {
	if asJSON {
		return printJSON(out.stdout, r)
	}
	report.Table(out.stdout, []string{r.Model, ""}, [][]string{
		{"batch × tokens", fmt.Sprintf("%d × %d", r.Batch, r.Tokens)},
		{"parameters", fmt.Sprint(r.Parameters)},
		{"threads, kernels", fmt.Sprintf("%d, %s %s", r.Threads, r.Kernels, r.Precision)},
		{"time of a step", fmt.Sprintf("%.1f ms, fastest %.1f ms", r.Milliseconds, r.Fastest)},
		{"speed", fmt.Sprintf("%.1f GFLOP/s, %.1f %% of the peak of %.1f", r.GFLOPS, 100*r.PeakFraction, r.PeakGFLOPS)},
		{"peak memory", fmt.Sprintf("%.0f MiB", r.PeakRSS)},
		{"allocated a step", fmt.Sprintf("%.1f KiB of the Go heap", float64(r.Allocated)/1024)},
	})
	return nil
}

func median[T cmp.Ordered](v []T) T {
	slices.Sort(v)
	return v[len(v)/2]
}
