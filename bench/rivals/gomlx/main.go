// Command gomlx multiplies matrices with the Go backend of gomlx: gomlx M N K REPEAT prints one line of JSON.
// GOMAXPROCS sets the threads. Build it under GOEXPERIMENT=simd: without, it has no vector instructions.
package main

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/compute/shapes"

	"bench/rivals/timing"
)

func main() {
	m, n, k, repeat := timing.Arguments()
	backend := must(gobackend.New(""))
	product := program(backend, m, n, k)
	inputs := []compute.Buffer{
		must(backend.BufferFromFlatData(0, timing.Matrix(m*k), shapes.Make(dtypes.Float32, m, k))),
		must(backend.BufferFromFlatData(0, timing.Matrix(k*n), shapes.Make(dtypes.Float32, k, n))),
	}
	timing.Report(repeat, func() {
		for _, c := range must(product.Execute(inputs, nil, 0)) {
			c.Finalize()
		}
	})
}

// program compiles the product of its two parameters.
func program(backend compute.Backend, m, n, k int) compute.Executable {
	builder := backend.Builder("gemm")
	f := builder.Main()
	a := must(f.Parameter("a", shapes.Make(dtypes.Float32, m, k), nil))
	b := must(f.Parameter("b", shapes.Make(dtypes.Float32, k, n), nil))
	c := must(f.DotGeneral(a, []int{1}, nil, b, []int{0}, nil, compute.DotGeneralConfig{}))
	if err := f.Return([]compute.Value{c}, nil); err != nil {
		panic(err)
	}
	return must(builder.Compile())
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
