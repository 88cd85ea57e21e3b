package enginetest

import (
	"encoding/binary"
	"hash/fnv"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
)

// Reading is the digest of one download and the method's test that asked for it.
type Reading struct {
	test string
	sum  uint64
}

// Recorder is a backend that keeps a digest of everything read from it: two runs of the suite that must not differ can be compared.
type Recorder struct {
	engine.Backend
	Log *[]Reading
}

func (r *Recorder) Download(dst []byte, src engine.Buffer, offset int) error {
	err := r.Backend.Download(dst, src, offset)
	*r.Log = append(*r.Log, Reading{callingTest(), digest(dst)})
	return err
}

// digest is the same in every process.
func digest(bytes []byte) uint64 {
	h := fnv.New64a()
	h.Write(bytes)
	return h.Sum64()
}

// Digest is one number for all readings.
func Digest(log []Reading) uint64 {
	var all []byte
	for _, r := range log {
		all = binary.LittleEndian.AppendUint64(all, r.sum)
	}
	return digest(all)
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

// CompareReadings fails with the methods whose readings differ.
func CompareReadings(t *testing.T, want, got []Reading) {
	require.Equal(t, len(want), len(got), "the suite reads the same number of tensors")
	require.Greater(t, len(got), 1000)
	differ := map[string]int{}
	for i, r := range got {
		require.Equal(t, want[i].test, r.test, "the suite's tests run in the same order")
		if want[i].sum != r.sum {
			differ[r.test]++
		}
	}
	require.Empty(t, differ, "readings that differ")
}
