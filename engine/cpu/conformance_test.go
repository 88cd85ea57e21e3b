package cpu_test

import (
	"fmt"
	"hash/maphash"
	"runtime"
	"runtime/debug"
	"strings"
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
		var serial []reading
		for _, threads := range numbers {
			t.Run(fmt.Sprintf("kernels=%s/threads=%d", kernels.Name, threads), func(t *testing.T) {
				use(t, kernels.Name)
				defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(threads))
				log := []reading{}
				enginetest.RunAll(t, func() engine.Backend {
					return &recorder{Backend: cpu.New(), log: &log}
				}, enginetest.Options{Float64: true, SkipFloat64: i > 0}) // float64 is plain Go in all of them
				if serial == nil {
					serial = log
				}
				compareReadings(t, serial, log)
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

// reading is the digest of one download and the method's test that asked for it.
type reading struct {
	test string
	sum  uint64
}

var digests = maphash.MakeSeed()

// recorder is a backend that keeps a digest of everything read from it.
type recorder struct {
	engine.Backend
	log *[]reading
}

func (r *recorder) Download(dst []byte, src engine.Buffer, offset int) error {
	err := r.Backend.Download(dst, src, offset)
	*r.log = append(*r.log, reading{callingTest(), maphash.Bytes(digests, dst)})
	return err
}

// callingTest returns the function of the suite that is running.
func callingTest() string {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for {
		frame, more := frames.Next()
		if _, name, ok := strings.Cut(frame.Function, "enginetest.test"); ok {
			return name
		}
		if !more {
			return ""
		}
	}
}

// compareReadings lists the methods whose readings differ.
func compareReadings(t *testing.T, want, got []reading) {
	require.Equal(t, len(want), len(got), "the suite reads the same number of tensors")
	require.Greater(t, len(got), 1000)
	differ := map[string]int{}
	for i, r := range got {
		require.Equal(t, want[i].test, r.test, "the suite's tests run in the same order")
		if want[i].sum != r.sum {
			differ[r.test]++
		}
	}
	require.Empty(t, differ, "readings that differ from those of a single thread")
}
