package engine

import "fmt"

// CheckRowSums panics unless a product has the operands for which [GemmArgs.RowSums] is.
func (a *GemmArgs) CheckRowSums() {
	if !a.TransA || a.Batch != 1 || a.LDA != a.M || a.A.Len() != a.K*a.M {
		got := fmt.Sprintf("%d × %v, transposed: %v, rows %d apart", a.Batch, a.A, a.TransA, a.LDA)
		panic(&ShapeError{Op: "Gemm with RowSums", Got: got, Want: fmt.Sprintf("a transposed A [%d, %d]", a.K, a.M)})
	}
	CheckShape("Gemm RowSums", a.RowSums, a.M)
}

// SumRows has SumTo do what RowSums asks for, which it then clears: for backends whose product does not.
func (a *GemmArgs) SumRows(b Backend) {
	a.CheckRowSums()
	rows := a.A.View(a.K, a.M)
	defer rows.Free()
	b.SumTo(a.RowSums, rows, true)
	a.RowSums = nil
}
