package autograd

import "mien/engine"

// MSE returns mean (pred − target)² over all elements as a scalar. The target is a constant.
//
// dpred = 2·(pred − target)/n
func MSE(pred, target *Value) *Value {
	o := begin("MSE", pred, target)
	engine.CheckShape("MSE target", target.data, pred.data.Extents()...)
	if target.needs {
		panic(&engine.ShapeError{Op: "MSE target", Got: "a value that needs a gradient", Want: "a constant"})
	}
	loss := o.new()
	o.be.MSE(loss, pred.data, target.data)
	return o.result(loss, func(dy *engine.Tensor) {
		pred.accumulateNew("MSE", func(g *engine.Tensor) { o.be.MSEBackward(g, pred.data, target.data, dy) })
	}, pred.data, target.data)
}
