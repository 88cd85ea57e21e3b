package autograd

// PReLU returns x where it is positive, and slope·x where it is not, for x [..., C] and a slope for each channel [C]. (He et al. 2015)
//
// dx = dy where x > 0, slope·dy where x < 0, and 0 between; dslope = Σ x·dy where x < 0
func PReLU(x, slope *Value) *Value {
	return Sub(ReLU(x), Mul(ReLU(Scale(x, -1)), slope))
}
