package serve

import (
	"bytes"
	"os"
	"strconv"
)

// residentBytes returns the memory of the process that is in RAM, 0 if that is not known.
func residentBytes() float64 {
	text, _ := os.ReadFile("/proc/self/statm")
	fields := bytes.Fields(text)
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseFloat(string(fields[1]), 64)
	return pages * float64(os.Getpagesize())
}
