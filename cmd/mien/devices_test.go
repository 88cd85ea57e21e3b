package main

import (
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
)

// inexact is a backend that loses the last bit of a random number, or of a product's result far more.
type inexact struct {
	engine.Backend
	normal, product bool
}

func (b inexact) RandomNormal(dst *engine.Tensor, key engine.Key) {
	b.Backend.RandomNormal(dst, key)
	if b.normal {
		values, _ := engine.Read[float32](dst)
		values[len(values)-1] = math.Nextafter32(values[len(values)-1], 9)
		engine.Write(dst, values)
	}
}

func (b inexact) Gemm(a engine.GemmArgs) {
	b.Backend.Gemm(a)
	if b.product {
		b.Scale(a.C, a.C, 1.001)
	}
}

// cramped is a backend without memory.
type cramped struct{ engine.Backend }

func (cramped) Alloc(int) (engine.Buffer, error) { return nil, errors.New("full") }

// probed is a backend that has probed its matrices.
type probed struct{ engine.Backend }

func (probed) Matrices() string { return "none used" }

// TestSelfTest tells right backends from those that compute wrongly, or not at all.
func TestSelfTest(t *testing.T) {
	b := newCPU()
	require.NoError(t, selfTest(inexact{Backend: b}))
	require.ErrorContains(t, selfTest(inexact{b, true, false}), "its random numbers are not the CPU's: ")
	require.ErrorContains(t, selfTest(inexact{b, false, true}), "it computes wrongly: ")
	require.ErrorContains(t, selfTest(cramped{b}), "full")
	row := deviceRow{Matrices: "f16 8×8×8"}
	row.probe(probed{b})
	require.Equal(t, "f16 8×8×8; none used", row.Matrices)
}
