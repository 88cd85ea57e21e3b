//go:build vulkan

package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mien/engine"
	"mien/engine/vulkan"
)

// A binary with Vulkan, which `go build -tags vulkan` makes.

const hasVulkan = true

// autoDevice returns the fastest kind of GPU that can be used and computes rightly. The CPU is one of its own accord, not by a Vulkan driver that imitates a GPU.
func autoDevice(stderr io.Writer) engine.Backend {
	devices, err := listVulkan()
	for _, kind := range []string{"discrete", "integrated", "virtual"} {
		for _, d := range devices {
			if d.Type != kind {
				continue
			}
			b, failed := openVulkan(d.Number)
			if failed == nil {
				if failed = selfTest(b); failed == nil {
					return b
				}
				b.Close()
			}
			err = failed
		}
	}
	why := "no GPU was found"
	if err != nil {
		why = err.Error()
	}
	fmt.Fprintf(stderr, "mien: computing on the CPU: %s\n", why)
	return newCPU()
}

// newVulkan makes a backend, for tests a failing one, and listVulkan lists devices, for tests of other kinds.
var (
	newVulkan  = vulkan.New
	listVulkan = vulkan.Devices
)

func openVulkan(n int) (engine.Backend, error) {
	return newVulkan(vulkan.Config{Device: n, Cache: cacheFolder()})
}

// cacheFolder is where compiled shaders are kept, none where the system names no folder.
func cacheFolder() string {
	folder, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(folder, "mien")
}

// vulkanDevices lists the devices of this machine, or one row that says why there is none.
func vulkanDevices() []deviceRow {
	devices, err := vulkan.Devices()
	if err != nil {
		return []deviceRow{{Device: "vulkan", Error: err.Error()}}
	}
	var rows []deviceRow
	for _, d := range devices {
		row := deviceRow{Device: fmt.Sprintf("vulkan:%d", d.Number), Name: d.Name, Type: d.Type, Driver: d.Driver + ", Vulkan " + d.Vulkan,
			MemoryMiB: d.MemoryBytes >> 20, SharedKiB: d.SharedBytes >> 10, Matrices: matrices(d)}
		if d.Err != nil {
			row.Error = d.Err.Error()
		}
		rows = append(rows, row)
	}
	return rows
}

// matrices names the tiles of cooperative matrices: bf16 16×16×16.
func matrices(d vulkan.Device) string {
	var list []string
	for _, m := range d.Matrices {
		dtype := map[bool]string{false: "f16", true: "bf16"}[m.BF16]
		list = append(list, fmt.Sprintf("%s %d×%d×%d", dtype, m.M, m.N, m.K))
	}
	slices.Sort(list)
	return strings.Join(slices.Compact(list), ", ")
}
