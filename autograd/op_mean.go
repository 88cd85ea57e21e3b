package autograd

// Mean averages all elements into a scalar.
//
// dx = dy/n
func Mean(x *Value) *Value { return Scale(Sum(x), 1/float64(x.data.Len())) }

// MeanAxis averages along one axis and drops it.
//
// dx = dy/n, repeated along the axis
func MeanAxis(x *Value, axis int) *Value { return Scale(SumAxis(x, axis), 1/float64(x.Dim(axis))) }
