package asm

import (
	"os"
	"reflect"
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
