package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
)

// What this machine has, against flags and recipes that would take more.

// useThreads sets the number of threads to compute with, which is at most the default, one for each core that the process may use: work
// divided among more would cost what dividing costs and gain nothing. 0 leaves what there is.
func useThreads(n uint) {
	if n == 0 {
		return
	}
	runtime.SetDefaultGOMAXPROCS()
	runtime.GOMAXPROCS(int(min(n, uint(runtime.GOMAXPROCS(0))))) // to the default, too: it stays when a container gets more
}

// memory returns the bytes that the process may use: those of the machine or, if they are fewer, of its container. 0 is unknown, as
// outside Linux. root is where the files of the system are.
func memory(root string) int64 {
	most := number(filepath.Join(root, "proc/meminfo"), "MemTotal:") << 10 // from KiB
	for _, limit := range []string{"sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		if n := number(filepath.Join(root, limit), ""); n > 0 {
			most = min(most, n)
		}
	}
	return most
}

// number returns the first number behind a word in a file of the system, 0 if there is none.
func number(file, word string) int64 {
	text, _ := os.ReadFile(file)
	_, rest, _ := bytes.Cut(text, []byte(word))
	if fields := bytes.Fields(rest); len(fields) > 0 {
		n, _ := strconv.ParseInt(string(fields[0]), 10, 64)
		return n
	}
	return 0
}
