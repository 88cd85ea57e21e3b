package autograd

import "mien/engine"

// MaskedMSE returns Σ_r w_r·mean_c (pred − target)²/Σ w as a scalar: the mean squared error of the rows that weight
// [rows] selects, 0 where it selects none. pred and target are [..., width]; only pred gets a gradient.
//
// dpred = 2·w·(pred − target)/(width·Σ w)
func MaskedMSE(pred, target, weight *Value) *Value {
	o := begin("MaskedMSE", pred, target, weight)
	engine.CheckShape("MaskedMSE target", target.data, pred.Shape()...)
	if weight.data.Len() != pred.data.Rows() {
		panic(&engine.ShapeError{Op: "MaskedMSE weight", Got: weight.Shape(), Want: pred.data.Rows()})
	}
	loss := o.new()
	o.be.MaskedMSE(loss, pred.data, target.data, weight.data)
	return o.result(loss, func(dy *engine.Tensor) {
		g := o.new(pred.Shape()...)
		o.be.MaskedMSEBackward(g, pred.data, target.data, weight.data, dy)
		pred.accumulate("MaskedMSE", g)
	}, pred.data, target.data, weight.data)
}
