// Package timing is what the Go rivals share: arguments, matrices and the line of JSON.
package timing

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"
)

// Arguments returns the command line M N K REPEAT.
func Arguments() (m, n, k, repeat int) {
	for i, to := range []*int{&m, &n, &k, &repeat} {
		*to, _ = strconv.Atoi(os.Args[i+1])
	}
	return m, n, k, repeat
}

// Matrix returns small whole numbers.
func Matrix(size int) []float32 {
	v := make([]float32, size)
	for i := range v {
		v[i] = float32(i%7 - 3)
	}
	return v
}

// Report runs multiply once to warm up and then repeat times.
func Report(repeat int, multiply func()) {
	multiply()
	times := make([]float64, repeat)
	for i := range times {
		start := time.Now()
		multiply()
		times[i] = float64(time.Since(start).Nanoseconds()) / 1e6
	}
	slices.Sort(times)
	fmt.Printf("{\"ms\": %g, \"ms_min\": %g}\n", times[repeat/2], times[0])
}
