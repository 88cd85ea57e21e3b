package vector

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/asm/internal/kernel"
	"mien/asm/internal/kerneltest"
)

// Every kernel of every implementation that this CPU supports is compared, in one process, with the same kernel at float64,
// for all sizes 0…67 and around the places where assembly changes its stride, at several offsets from alignment, in place and
// not, between guard words, on ordinary and on special values.

// sizes are the lengths to try: all small ones, and the edges of strides and of the longest assembly call.
func sizes() []int {
	var s []int
	for n := range 68 {
		s = append(s, n)
	}
	s = append(s, 95, 96, 97, 127, 128, 129, 255, 256, 257, 768, 1000)
	if runtime.GOARCH == "amd64" && !testing.Short() {
		s = append(s, 1<<16-1, 1<<16, 1<<16+9)
	}
	return s
}

// kernelCase is one row of the table below: how to call it on any float type, and how exact it is.
type kernelCase struct {
	name     string
	inputs   int     // slices that are read, of which the first outputs are written, too
	outputs  int     // how many of the slices are results; they come first
	inPlace  bool    // the first result may be any input
	rel, abs float64 // error allowed, relative to the value and to the largest magnitude among the inputs
	perTerm  float64 // and in addition for each element of a sum
	f32      func(k *Kernels[float32], s [][]float32) []float32
	f64      func(k *Kernels[float64], s [][]float64) []float64
	fills    []string
	special  bool // special values make sense
}

func binaryKernel(name string, pick32 func(*Kernels[float32]) func(d, a, b []float32), pick64 func(*Kernels[float64]) func(d, a, b []float64)) kernelCase {
	return kernelCase{name: name, inputs: 2, outputs: 1, inPlace: true, rel: 1e-7, abs: 0, special: true,
		f32: func(k *Kernels[float32], s [][]float32) []float32 { pick32(k)(s[0], s[1], s[2]); return nil },
		f64: func(k *Kernels[float64], s [][]float64) []float64 { pick64(k)(s[0], s[1], s[2]); return nil }}
}

var table = []kernelCase{
	binaryKernel("Add", func(k *Kernels[float32]) func(d, a, b []float32) { return k.Add }, func(k *Kernels[float64]) func(d, a, b []float64) { return k.Add }),
	binaryKernel("Sub", func(k *Kernels[float32]) func(d, a, b []float32) { return k.Sub }, func(k *Kernels[float64]) func(d, a, b []float64) { return k.Sub }),
	binaryKernel("Mul", func(k *Kernels[float32]) func(d, a, b []float32) { return k.Mul }, func(k *Kernels[float64]) func(d, a, b []float64) { return k.Mul }),
	binaryKernel("Maximum", func(k *Kernels[float32]) func(d, a, b []float32) { return k.Maximum }, func(k *Kernels[float64]) func(d, a, b []float64) { return k.Maximum }),
	binaryKernel("MaximumReversed", reversedMaximum[float32], reversedMaximum[float64]),
	{name: "Scale", inputs: 1, outputs: 1, inPlace: true, rel: 1e-7, special: true,
		f32: func(k *Kernels[float32], s [][]float32) []float32 { k.Scale(s[0], s[1], 0.75); return nil },
		f64: func(k *Kernels[float64], s [][]float64) []float64 { k.Scale(s[0], s[1], 0.75); return nil }},
	{name: "Axpy", inputs: 2, outputs: 1, rel: 2e-7, abs: 2e-7, fills: []string{"normal", "wide", "large"},
		f32: func(k *Kernels[float32], s [][]float32) []float32 {
			copy(s[0], s[1])
			k.Axpy(s[0], -1.25, s[2])
			return nil
		},
		f64: func(k *Kernels[float64], s [][]float64) []float64 {
			copy(s[0], s[1])
			k.Axpy(s[0], -1.25, s[2])
			return nil
		}},
	{name: "MulAdd", inputs: 3, outputs: 1, rel: 2e-7, abs: 2e-7, fills: []string{"normal", "denormal"},
		f32: func(k *Kernels[float32], s [][]float32) []float32 {
			copy(s[0], s[1])
			k.MulAdd(s[0], s[2], s[3])
			return nil
		},
		f64: func(k *Kernels[float64], s [][]float64) []float64 {
			copy(s[0], s[1])
			k.MulAdd(s[0], s[2], s[3])
			return nil
		}},
	{name: "Dot", inputs: 2, rel: 1e-6, perTerm: 1e-7, fills: []string{"normal", "negatives"},
		f32: func(k *Kernels[float32], s [][]float32) []float32 { return []float32{k.Dot(s[0], s[1])} },
		f64: func(k *Kernels[float64], s [][]float64) []float64 { return []float64{k.Dot(s[0], s[1])} }},
	{name: "Sum", inputs: 1, rel: 1e-6, perTerm: 1e-7, fills: []string{"normal", "wide", "negatives"},
		f32: func(k *Kernels[float32], s [][]float32) []float32 { return []float32{k.Sum(s[0])} },
		f64: func(k *Kernels[float64], s [][]float64) []float64 { return []float64{k.Sum(s[0])} }},
	{name: "Exp", inputs: 1, outputs: 1, inPlace: true, rel: 3e-7, abs: 2e-45, special: true, fills: []string{"normal", "wide", "negatives", "denormal"},
		f32: func(k *Kernels[float32], s [][]float32) []float32 { k.Exp(s[0], s[1], 0); return nil },
		f64: func(k *Kernels[float64], s [][]float64) []float64 { k.Exp(s[0], s[1], 0); return nil }},
	{name: "ExpShift", inputs: 1, outputs: 1, inPlace: true, rel: 5e-6, abs: 2e-45, fills: []string{"normal", "wide"},
		f32: func(k *Kernels[float32], s [][]float32) []float32 { k.Exp(s[0], s[1], 1.5); return nil },
		f64: func(k *Kernels[float64], s [][]float64) []float64 { k.Exp(s[0], s[1], 1.5); return nil }},
	{name: "Softmax", inputs: 1, outputs: 1, inPlace: true, rel: 2e-5, abs: 1e-37, special: true, fills: []string{"normal", "wide", "large", "denormal"},
		f32: func(k *Kernels[float32], s [][]float32) []float32 { return []float32{k.Softmax(s[0], s[1])} },
		f64: func(k *Kernels[float64], s [][]float64) []float64 { return []float64{k.Softmax(s[0], s[1])} }},
	{name: "SoftmaxBackward", inputs: 2, outputs: 1, inPlace: true, rel: 1e-6, abs: 2e-4, fills: []string{"normal", "negatives"},
		f32: func(k *Kernels[float32], s [][]float32) []float32 { k.SoftmaxBackward(s[0], s[1], s[2]); return nil },
		f64: func(k *Kernels[float64], s [][]float64) []float64 { k.SoftmaxBackward(s[0], s[1], s[2]); return nil }},
	{name: "SquaredDistance", inputs: 2, rel: 1e-6, perTerm: 1e-7, fills: []string{"normal", "negatives"},
		f32: func(k *Kernels[float32], s [][]float32) []float32 { return []float32{k.SquaredDistance(s[0], s[1])} },
		f64: func(k *Kernels[float64], s [][]float64) []float64 { return []float64{k.SquaredDistance(s[0], s[1])} }},
	{name: "SoftmaxGrad", inputs: 2, outputs: 1, inPlace: true, rel: 2e-7, abs: 2e-6, fills: []string{"normal", "negatives"},
		f32: func(k *Kernels[float32], s [][]float32) []float32 { k.SoftmaxGrad(s[0], s[1], s[2], 0.25); return nil },
		f64: func(k *Kernels[float64], s [][]float64) []float64 { k.SoftmaxGrad(s[0], s[1], s[2], 0.25); return nil }},
	{name: "GELU", inputs: 1, outputs: 1, inPlace: true, rel: 3e-7, abs: 3e-7, special: true, fills: []string{"normal", "wide", "negatives", "denormal"},
		f32: func(k *Kernels[float32], s [][]float32) []float32 { k.GELU(s[0], s[1]); return nil },
		f64: func(k *Kernels[float64], s [][]float64) []float64 { k.GELU(s[0], s[1]); return nil }},
	{name: "GELUBackward", inputs: 2, outputs: 1, inPlace: true, rel: 5e-7, abs: 8e-7, special: true, fills: []string{"normal", "negatives", "denormal"},
		f32: func(k *Kernels[float32], s [][]float32) []float32 { k.GELUBackward(s[0], s[1], s[2]); return nil },
		f64: func(k *Kernels[float64], s [][]float64) []float64 { k.GELUBackward(s[0], s[1], s[2]); return nil }},
	{name: "LayerNorm", inputs: 3, outputs: 1, inPlace: true, rel: 5e-6, abs: 5e-6, fills: []string{"normal", "wide"},
		f32: func(k *Kernels[float32], s [][]float32) []float32 {
			m, r := k.LayerNorm(s[0], s[1], s[2], s[3], 1e-3)
			return []float32{m, r}
		},
		f64: func(k *Kernels[float64], s [][]float64) []float64 {
			m, r := k.LayerNorm(s[0], s[1], s[2], s[3], 1e-3)
			return []float64{m, r}
		}},
	{name: "LayerNormBackward", inputs: 6, outputs: 3, rel: 2e-6, abs: 3e-5, fills: []string{"normal"},
		f32: func(k *Kernels[float32], s [][]float32) []float32 {
			for i := range 3 {
				copy(s[i], s[3+i])
			}
			k.LayerNormBackward(s[0], s[1], s[2], s[6], s[7], s[8], 0.1, 0.9)
			return nil
		},
		f64: func(k *Kernels[float64], s [][]float64) []float64 {
			for i := range 3 {
				copy(s[i], s[3+i])
			}
			k.LayerNormBackward(s[0], s[1], s[2], s[6], s[7], s[8], float64(float32(0.1)), float64(float32(0.9)))
			return nil
		}},
	{name: "AdamW", inputs: 4, outputs: 3, rel: 2e-6, abs: 2e-6, fills: []string{"normal"},
		f32: func(k *Kernels[float32], s [][]float32) []float32 {
			copy(s[0], s[3])
			copy(s[1], s[4])
			square(s[2], s[5])
			k.AdamW(s[0], s[6], s[1], s[2], adamWNumbers)
			return nil
		},
		f64: func(k *Kernels[float64], s [][]float64) []float64 {
			copy(s[0], s[3])
			copy(s[1], s[4])
			square(s[2], s[5])
			k.AdamW(s[0], s[6], s[1], s[2], adamWNumbers)
			return nil
		}},
}

// reversedMaximum has special values in the second operand, of which the assembly treats NaN in another way.
func reversedMaximum[F kernel.Float](k *Kernels[F]) func(d, a, b []F) {
	return func(d, a, b []F) { k.Maximum(d, b, a) }
}

var adamWNumbers = AdamW{LR: 1e-2, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, Decay: 0.05, Correct1: 0.271, Correct2: 0.003, GradScale: 0.5}

func square[F kernel.Float](dst, x []F) {
	for i, v := range x {
		dst[i] = v * v
	}
}

func TestKernelsAgainstFloat64(t *testing.T) {
	for _, set := range kernel.Supported() {
		impl := New(set)
		for _, k := range table {
			t.Run(fmt.Sprintf("%s/%s", set, k.name), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(1, 2))
				names := k.fills
				if names == nil {
					names = []string{"normal", "wide", "denormal", "large"}
				}
				for _, n := range sizes() {
					if n == 0 && (k.name == "LayerNorm" || k.name == "LayerNormBackward") {
						continue // a row has elements
					}
					for i, fill := range names {
						values := make([][]float64, k.inputs)
						for j := range values {
							values[j] = make([]float64, n)
							for e := range values[j] {
								values[j][e] = float64(float32(kerneltest.Fills[fill](rng)))
							}
						}
						compare(t, impl, k, values, (n+i)%8, n%3 == 0 && k.inPlace, fill)
					}
				}
			})
		}
	}
}

func TestKernelsOnSpecialValues(t *testing.T) {
	for _, set := range kernel.Supported() {
		impl := New(set)
		for _, k := range table {
			if !k.special {
				continue
			}
			t.Run(fmt.Sprintf("%s/%s", set, k.name), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(3, 4))
				for n := range 36 { // each special value alone in each place, and all kinds together
					for _, s := range kerneltest.Specials {
						values := make([][]float64, k.inputs)
						for j := range values {
							values[j] = make([]float64, n)
							for e := range values[j] {
								values[j][e] = float64(float32(rng.NormFloat64()))
							}
						}
						if n > 0 {
							values[0][rng.IntN(n)] = float64(float32(s))
							if n > 3 {
								values[0][rng.IntN(n)] = kerneltest.Specials[rng.IntN(len(kerneltest.Specials))]
							}
						}
						compare(t, impl, k, values, n%5, false, fmt.Sprint(s))
					}
				}
			})
		}
	}
}

// compare runs one kernel on one set of inputs in both precisions.
func compare(t *testing.T, impl *Kernels[float32], k kernelCase, values [][]float64, offset int, inPlace bool, what string) {
	t.Helper()
	n := len(values[0])
	a := &kerneltest.Arena{T: t}
	var s32 [][]float32
	var s64 [][]float64
	for range k.outputs {
		s32 = append(s32, a.Slice(make([]float64, n), offset))
		s64 = append(s64, make([]float64, n))
	}
	largest := 0.0
	for j, v := range values {
		s32 = append(s32, a.Slice(v, (offset+j)%8))
		s64 = append(s64, kerneltest.Widen(s32[len(s32)-1]))
		for _, x := range v {
			if !math.IsNaN(x) && !math.IsInf(x, 0) {
				largest = max(largest, math.Abs(float64(float32(x))))
			}
		}
	}
	if inPlace {
		s32[0] = s32[k.outputs+n/3%k.inputs]
	}
	got := k.f32(impl, s32)
	want := k.f64(Reference[float64](), s64)
	for o := range k.outputs {
		got, want = append(got, s32[o]...), append(want, s64[o]...)
	}
	a.Check()
	abs := (k.abs + k.perTerm*float64(n)) * max(largest, 1)
	if k.abs < 1e-30 && k.perTerm == 0 {
		abs = k.abs
	}
	for i := range got {
		if !kerneltest.Near(got[i], want[i], k.rel, abs+2e-45) {
			t.Fatalf("%s, %d elements, offset %d, in place %v: result %d is %g, want %g (off by %.3g)",
				what, n, offset, inPlace, i, got[i], want[i], float64(got[i])-want[i])
		}
	}
}

// An element's bits may not depend on where a slice is cut: the engine cuts for threads.
func TestElementsDoNotDependOnTheCut(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	n := 100
	random := func() []float32 {
		s := make([]float32, n)
		for i := range s {
			s[i] = float32(rng.NormFloat64())
		}
		return s
	}
	for _, set := range kernel.Supported() {
		k := New(set)
		x, y, z := random(), random(), random()
		for name, f := range map[string]func(dst, a, b []float32){
			"Add": k.Add, "Maximum": k.Maximum, "MulAdd": k.MulAdd, "GELUBackward": k.GELUBackward,
			"Axpy":        func(d, a, _ []float32) { k.Axpy(d, 0.3, a) },
			"SoftmaxGrad": func(d, a, b []float32) { k.SoftmaxGrad(d, a, b, 0.3) },
			"Scale":       func(d, a, _ []float32) { k.Scale(d, a, 0.3) },
			"GELU":        func(d, a, _ []float32) { k.GELU(d, a) },
			"Exp":         func(d, a, _ []float32) { k.Exp(d, a, 0.3) },
			"AdamW": func(d, a, b []float32) {
				m := append([]float32(nil), b...)
				v := append([]float32(nil), b...)
				square(v, v)
				k.AdamW(d, a, m, v, adamWNumbers)
			},
		} {
			whole := append([]float32(nil), z...)
			f(whole, x, y)
			for _, cut := range []int{1, 3, 8, 13, 50, 99} {
				parts := append([]float32(nil), z...)
				f(parts[:cut], x[:cut], y[:cut])
				f(parts[cut:], x[cut:], y[cut:])
				require.Equal(t, whole, parts, "%s %s cut at %d", set, name, cut)
			}
		}
	}
}
