package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"mien/engine"
	"mien/engine/cpu"
)

// Where to compute. No other code than this file and those beside it names a concrete backend.

// newCPU returns the backend that every machine has.
func newCPU() engine.Backend { return cpu.New() }

// computing are the commands that compute on the device; the others need none.
var computing = []string{"demo", "pretrain", "finetune", "landmarks", "ablate", "eval", "crossval", "predict", "report", "explain", "prepare", "gradcheck", "doctor", "bench"}

// deviceOf returns the backend of a command.
func deviceOf(command, name string, stderr io.Writer) (engine.Backend, error) {
	first, _, _ := strings.Cut(command, " ")
	if name == "auto" && !slices.Contains(computing, first) {
		return newCPU(), nil
	}
	return openDevice(name, stderr)
}

// openDevice returns a backend: auto is a GPU where this binary and this machine have one, else the CPU.
func openDevice(name string, stderr io.Writer) (engine.Backend, error) {
	kind, number, numbered := strings.Cut(name, ":")
	n, err := strconv.Atoi(number)
	switch {
	case name == "cpu":
		return newCPU(), nil
	case name == "auto":
		return autoDevice(stderr), nil
	case kind != "vulkan" || numbered && (err != nil || n < 0):
		return nil, usagef("--device %s: choose auto, cpu, vulkan or vulkan:N; `mien devices` lists what there is", name)
	}
	b, err := openVulkan(n)
	if err != nil {
		return nil, fmt.Errorf("--device %s: %w", name, err)
	}
	return b, nil
}
