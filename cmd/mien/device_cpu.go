//go:build !vulkan

package main

import (
	"errors"
	"io"

	"mien/engine"
)

// A binary without Vulkan, which is what `go build` makes.

const hasVulkan = false

func autoDevice(io.Writer) engine.Backend { return newCPU() }

func openVulkan(int) (engine.Backend, error) {
	return nil, errors.New("this mien was built without Vulkan: build it with `go build -tags vulkan ./cmd/mien`")
}

// vulkanDevices lists none.
func vulkanDevices() []deviceRow { return nil }
