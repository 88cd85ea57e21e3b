package asm

import (
	"os"
	"os/exec"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBestImplementationIsActive(t *testing.T) {
	t.Logf("active: %s of %d implementations", F32().Name, len(Implementations()))
	if os.Getenv("MIEN_KERNELS") != "" {
		t.Skip("MIEN_KERNELS chooses")
	}
	require.Equal(t, Implementations()[0].Name, F32().Name)
	want := bestHere()
	require.Equal(t, want, F32().Name, "the best kernels that this CPU can run are not chosen")
}

func TestUse(t *testing.T) {
	before := F32().Name
	restore, err := Use("generic")
	require.NoError(t, err)
	require.Equal(t, "generic", F32().Name)
	restore()
	require.Equal(t, before, F32().Name)
	_, err = Use("sse9")
	require.ErrorContains(t, err, `no kernels "sse9" on this machine: choose `)
	_, err = choose("sse9")
	require.ErrorContains(t, err, "MIEN_KERNELS: no kernels")
}

// A name chooses its kernels, no name the best, and so does one that is unknown.
func TestChoose(t *testing.T) {
	best := Implementations()[0]
	for _, want := range Implementations() {
		chosen, err := choose(want.Name)
		require.NoError(t, err)
		require.Same(t, want, chosen.Load(), want.Name)
		found, err := find(want.Name)
		require.NoError(t, err)
		require.Same(t, want, found)
	}
	chosen, err := choose("")
	require.NoError(t, err)
	require.Same(t, best, chosen.Load())
	chosen, err = choose("sse9")
	require.ErrorContains(t, err, "MIEN_KERNELS: no kernels")
	require.Same(t, best, chosen.Load())
}

// Kernels are switched one after the other, and back in the order in which they were.
func TestUseInUse(t *testing.T) {
	before := F32()
	var restore []func()
	var used []*Kernels[float32]
	for _, k := range slices.Backward(Implementations()) {
		back, err := Use(k.Name)
		require.NoError(t, err)
		require.Same(t, k, F32())
		restore, used = append(restore, back), append(used, k)
	}
	for i := len(used) - 1; i >= 0; i-- {
		require.Same(t, used[i], F32())
		restore[i]()
	}
	require.Same(t, before, F32())
}

// The environment of a process chooses its kernels. The test runs itself in such a process.
func TestKernelsOfTheEnvironment(t *testing.T) {
	const want = "MIEN_TEST_KERNELS"
	if name := os.Getenv(want); name != "" {
		require.Equal(t, name, F32().Name)
		if os.Getenv("MIEN_KERNELS") == "sse9" {
			require.ErrorContains(t, ActiveErr(), `MIEN_KERNELS: no kernels "sse9" on this machine`)
		} else {
			require.NoError(t, ActiveErr())
		}
		return
	}
	if testing.Short() {
		t.Skip("starts processes, of which an emulator may wait for ever for the first")
	}
	exe, err := os.Executable()
	require.NoError(t, err)
	run := func(name, active string) {
		cmd := exec.Command(exe, "-test.run=^TestKernelsOfTheEnvironment$")
		cmd.Env = append(os.Environ(), "MIEN_KERNELS="+name, want+"="+active)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%q: %s", name, out)
	}
	best := Implementations()[0].Name
	run("", best)
	run("sse9", best)
	for _, k := range Implementations() {
		run(k.Name, k.Name)
	}
}

// Every set of kernels has all of them.
func TestSetsAreComplete(t *testing.T) {
	complete := func(what string, kernels any) {
		v := reflect.ValueOf(kernels).Elem()
		for i := range v.NumField() {
			if f := v.Field(i); f.Kind() == reflect.Func {
				require.False(t, f.IsNil(), "%s: no %s", what, v.Type().Field(i).Name)
			}
		}
	}
	for _, k := range Implementations() {
		require.Equal(t, k.Name, k.GemmKernels.Name)
		complete(k.Name, &k.VectorKernels)
		complete(k.Name, k.GemmKernels)
		complete(k.Name, k.AttentionKernels)
		complete(k.Name+" bf16", k.BF16)
		complete(k.Name+" int8", k.Int8)
	}
	complete("float64", &F64().VectorKernels)
	complete("float64", F64().GemmKernels)
	complete("float64", F64().AttentionKernels)
	require.Nil(t, F64().BF16)
	require.Nil(t, F64().Int8)
}
