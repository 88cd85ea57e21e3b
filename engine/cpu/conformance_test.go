package cpu_test

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/asm"
	"mien/engine"
	"mien/engine/cpu"
	"mien/engine/enginetest"
)

// TestCPU runs the conformance suite on every implementation of the kernels that this machine has, with several numbers of
// threads, and compares the bits of everything that the suite reads with those of one thread. A short run, such as that under the
// race detector, takes two numbers of threads.
func TestCPU(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // the suite allocates much and keeps nothing
	numbers := []int{1, 2, 3, 7}
	if testing.Short() {
		numbers = []int{1, 3}
	}
	for i, kernels := range asm.Implementations() {
		var serial []enginetest.Reading
		for _, threads := range numbers {
			t.Run(fmt.Sprintf("kernels=%s/threads=%d", kernels.Name, threads), func(t *testing.T) {
				use(t, kernels.Name)
				defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(threads))
				log := []enginetest.Reading{}
				enginetest.RunAll(t, func() engine.Backend {
					return &enginetest.Recorder{Backend: cpu.New(), Log: &log}
				}, enginetest.Options{Float64: true, SkipFloat64: i > 0}) // float64 is plain Go in all of them
				if serial == nil {
					serial = log
				}
				enginetest.CompareReadings(t, serial, log)
			})
		}
	}
}

// TestCPUName requires the active kernels to be those that the test selected.
func TestCPUName(t *testing.T) {
	for _, kernels := range asm.Implementations() {
		t.Run(kernels.Name, func(t *testing.T) {
			use(t, kernels.Name)
			require.Equal(t, "cpu/"+kernels.Name, cpu.New().Name())
		})
	}
}

// use makes kernels active until the end of a test.
func use(t *testing.T, kernels string) {
	restore, err := asm.Use(kernels)
	require.NoError(t, err)
	t.Cleanup(restore)
}
