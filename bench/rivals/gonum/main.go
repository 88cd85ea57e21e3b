// Command gonum multiplies matrices with gonum: gonum M N K REPEAT prints one line of JSON. GOMAXPROCS sets the threads.
package main

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"

	"bench/rivals/timing"
)

func main() {
	m, n, k, repeat := timing.Arguments()
	a, b, c := timing.Matrix(m*k), timing.Matrix(k*n), make([]float32, m*n)
	timing.Report(repeat, func() {
		gonum.Implementation{}.Sgemm(blas.NoTrans, blas.NoTrans, m, n, k, 1, a, k, b, n, 0, c, n)
	})
}
