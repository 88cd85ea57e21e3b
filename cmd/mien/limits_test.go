package main

import (
	"math"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// The memory is that of the machine, or less where a container has less, by either name of the file that says so.
func TestMemory(t *testing.T) {
	root := t.TempDir()
	file := func(path, text string) {
		path = filepath.Join(root, path)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	require.Zero(t, memory(root))
	file("proc/meminfo", "MemFree:   3000 kB\nMemTotal:   5000 kB\nSwapTotal:   7000 kB\n")
	require.EqualValues(t, 5000*1024, memory(root))
	file("sys/fs/cgroup/memory.max", "max\n")
	require.EqualValues(t, 5000*1024, memory(root))
	file("sys/fs/cgroup/memory.max", "4000000\n")
	require.EqualValues(t, 4000000, memory(root))
	file("sys/fs/cgroup/memory/memory.limit_in_bytes", "3000000\n")
	require.EqualValues(t, 3000000, memory(root))
	file("sys/fs/cgroup/memory.max", "9000000000\n")
	file("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n")
	require.EqualValues(t, 5000*1024, memory(root))
	require.Zero(t, number(filepath.Join(root, "proc/meminfo"), "VmHWM:"))
	if runtime.GOOS == "linux" {
		require.Positive(t, memory("/"))
		require.Greater(t, peakRSS(), 1.0)
		require.Less(t, peakRSS(), float64(memory("/")>>20))
	}
}

// As many threads as are asked for, but no more than there are cores; 0 changes nothing.
func TestUseThreads(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	runtime.SetDefaultGOMAXPROCS()
	cores := runtime.GOMAXPROCS(0)
	for asked, want := range map[uint]int{1: 1, uint(cores): cores, uint(cores + 1): cores, math.MaxUint: cores} {
		for _, before := range []int{1, 64} { // 64 as the environment might have it
			runtime.GOMAXPROCS(before)
			useThreads(asked)
			require.Equal(t, want, runtime.GOMAXPROCS(0), "%d threads", asked)
		}
	}
	runtime.GOMAXPROCS(3)
	useThreads(0)
	require.Equal(t, 3, runtime.GOMAXPROCS(0))
}
