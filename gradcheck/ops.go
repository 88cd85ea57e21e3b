package gradcheck

import (
	ag "mien/autograd"
	"mien/engine"
)

// value shortens the rows.
type value = *ag.Value

// Ops returns the table of package autograd: one or more rows for each exported op, in the order of the op files.
// A row is named after its op, with the variant after a slash.
func Ops() []Case {
	return []Case{
		row("Custom", Binary(softmaxOfProduct), tensor("a", 3, 4), tensor("b", 3, 4)),

		row("Add", Binary(ag.Add), tensor("a", 3, 4), tensor("b", 3, 4)),
		row("Add/row", Binary(ag.Add), tensor("a", 2, 3, 4), tensor("b", 4)),
		row("Add/column", Binary(ag.Add), tensor("a", 3, 1), tensor("b", 3, 4)),
		row("Add/both stretched", Binary(ag.Add), tensor("a", 3, 1), tensor("b", 2, 1, 4)),
		row("Add/scalar", Binary(ag.Add), tensor("a"), tensor("b", 2, 3)),
		row("Add/itself", Unary(func(x value) value { return ag.Add(x, x) }), tensor("x", 3, 4)),
		row("Add/constant", Binary(ag.Add), tensor("a", 3, 4), fixed(tensor("b", 4), 1, -2, 0.5, 3)),

		row("Attention/1 token", with(ag.Attention, 2), tensor("qkv", 2, 1, 3*2*3)),
		row("Attention/5 tokens", with(ag.Attention, 3), tensor("qkv", 2, 5, 3*3*2)),
		row("Attention/131 tokens", with(ag.Attention, 2), tensor("qkv", 1, 131, 3*2*4)),
		row("AttentionComposed", attentionComposed, tensor("qkv", 2, 3, 3*2*2)),
		row("Attend", attend, tensor("q", 2, 3, 4), tensor("k", 2, 5, 4), tensor("v", 2, 5, 6)),

		row("Concat/first axis", concat(0), tensor("a", 1, 3), tensor("b", 2, 3), tensor("c", 3, 3)),
		row("Concat/middle axis", concat(1), tensor("a", 2, 1, 3), tensor("b", 2, 3, 3)),
		row("Concat/last axis", concat(2), tensor("a", 2, 2, 3), tensor("b", 2, 2, 1)),
		row("Concat/itself", Unary(func(x value) value { return ag.Concat(0, x, x) }), tensor("x", 2, 3)),

		row("Convolve", convolve(volume), tensor("x", 2, 3, 2, 4, 2), tensor("weight", 3, 2, 1, 3, 2), tensor("bias", 3)),
		row("Convolve/images", convolve(image), tensor("x", 2, 1, 5, 4, 3), tensor("weight", 2, 1, 3, 2, 3), tensor("bias", 2)),
		row("Convolve/pointwise", convolve(pointwise), tensor("x", 2, 2, 1, 3, 2), tensor("weight", 3, 1, 1, 1, 2), tensor("bias", 3)),
		row("Convolve/twice", twice(convolve(image)), tensor("x", 2, 1, 3, 2, 3), tensor("weight", 2, 1, 3, 2, 3), tensor("bias", 2)),
		row("Convolve/no bias", Binary(func(x, w value) value { return ag.Convolve(x, w, nil, volume) }),
			tensor("x", 1, 2, 3, 4, 2), tensor("weight", 4, 2*1*3*2)),
		row("Convolve/to few", convolve(few), tensor("x", 2, 3, 2, 4, 9), tensor("weight", 2, 2, 1, 3, 9), tensor("bias", 2)),
		row("Convolve/to few, twice", twice(convolve(few)), tensor("x", 1, 3, 2, 3, 4), tensor("weight", 1, 2, 1, 3, 4), tensor("bias", 1)),
		row("Convolve/to few, no bias", Binary(func(x, w value) value { return ag.Convolve(x, w, nil, cube) }),
			tensor("x", 2, 2, 3, 2, 4), tensor("weight", 1, 27*4)),
		trained("Convolve/to few/weights", convolve(few), []Input{tensor("x", 2, 3, 2, 4, 8)},
			tensor("weight", 2, 2, 1, 3, 8), tensor("bias", 2)),
		trained("Convolve/weights", convolve(volume), []Input{tensor("x", 2, 3, 2, 4, 3)}, tensor("weight", 5, 2, 1, 3, 3), tensor("bias", 5)),

		row("CrossEntropy", Binary(ag.CrossEntropy), tensor("logits", 4, 7), within(0, 1, fixed(tensor("target", 4, 7)))),

		row("DepthwiseConvolve", depthwise(volume), tensor("x", 2, 3, 2, 4, 2), tensor("weight", 2, 1, 3, 2), tensor("bias", 2)),
		row("DepthwiseConvolve/images", depthwise(image), tensor("x", 2, 1, 5, 4, 3), tensor("weight", 1, 3, 2, 3), tensor("bias", 3)),
		row("DepthwiseConvolve/twice", twice(depthwise(image)), tensor("x", 2, 1, 3, 2, 3), tensor("weight", 1, 3, 2, 3), tensor("bias", 3)),
		row("DepthwiseConvolve/no bias", Binary(func(x, w value) value { return ag.DepthwiseConvolve(x, w, nil, volume) }),
			tensor("x", 1, 3, 2, 4, 5), tensor("weight", 2, 1, 3, 5)),

		row("DilatedConvolve", dilated(ag.Dilation{Window: stretched, Modulated: true}), tensor("x", 2, 3, 2, 3, 2),
			within(0.2, 0.7, tensor("predicted", 2, 2, 2, 3, 12)), tensor("weight", 3, 3, 1, 3, 2), tensor("bias", 3)),
		row("DilatedConvolve/narrowed", dilated(ag.Dilation{Window: stretched, Modulated: true}), tensor("x", 1, 3, 2, 3, 2),
			within(-0.7, -0.2, tensor("predicted", 1, 2, 2, 3, 12)), tensor("weight", 2, 3, 1, 3, 2), tensor("bias", 2)),
		row("DilatedConvolve/depth-wise", dilated(ag.Dilation{Window: stretched, Modulated: true, Depthwise: true}), tensor("x", 2, 3, 2, 3, 4),
			within(0.2, 0.7, tensor("predicted", 2, 2, 2, 3, 12)), tensor("weight", 3, 1, 3, 4), tensor("bias", 4)),
		row("DilatedConvolve/time and space", dilated(ag.Dilation{Window: cube, Stretch: ag.TimeAndSpace}), tensor("x", 1, 3, 4, 2, 2),
			within(1.2, 1.7, tensor("predicted", 1, 3, 4, 2, 2)), tensor("weight", 2, 3, 3, 3, 2), tensor("bias", 2)),
		row("DilatedConvolve/rows and columns", dilated(ag.Dilation{Window: cube, Stretch: ag.RowsAndColumns}), tensor("x", 1, 2, 4, 3, 2),
			within(0.2, 0.7, tensor("predicted", 1, 2, 4, 3, 2)), tensor("weight", 2, 3, 3, 3, 2), tensor("bias", 2)),
		row("DilatedConvolve/space", dilated(ag.Dilation{Window: cube, Stretch: ag.Space, Modulated: true}), tensor("x", 1, 2, 3, 4, 1),
			within(0.2, 0.7, tensor("predicted", 1, 2, 3, 4, 28)), tensor("weight", 2, 3, 3, 3, 1), tensor("bias", 2)),
		row("DilatedConvolve/predicted from x", predictedDilation, tensor("x", 2, 3, 2, 3, 2), within(-0.02, 0.02, tensor("predictor", 12, 3, 1, 3, 2)),
			within(0.3, 0.6, tensor("predictor bias", 12)), tensor("weight", 3, 3, 1, 3, 2), tensor("bias", 3)),

		row("Div", Binary(ag.Div), tensor("a", 3, 4), within(0.5, 2, tensor("b", 3, 4))),
		row("Div/row", Binary(ag.Div), tensor("a", 2, 3, 4), within(-2, -0.5, tensor("b", 4))),
		row("Div/column", Binary(ag.Div), tensor("a", 3, 1), within(0.5, 2, tensor("b", 3, 4))),
		row("Div/scalar", Binary(ag.Div), tensor("a"), within(0.5, 2, tensor("b", 2, 3))),
		row("Div/itself", Unary(func(x value) value { return ag.Div(ag.Mul(x, x), x) }), within(0.5, 2, tensor("x", 3, 4))),
		row("Div/constant", Binary(ag.Div), tensor("a", 3, 4), fixed(tensor("b", 4), 1, -2, 0.5, 3)),

		row("Dropout", Unary(func(x value) value { return ag.Dropout(x, 0.3, &engine.Key{Seed: 1, Stream: 2}) }), tensor("x", 4, 5)),
		row("Dropout/evaluation", Unary(func(x value) value { return ag.Dropout(x, 0.3, nil) }), tensor("x", 4, 5)),
		row("DropPath", Unary(func(x value) value { return ag.DropPath(x, 0.5, &engine.Key{Seed: 1, Stream: 3}) }), tensor("x", 6, 2, 3)),
		row("DropPath/evaluation", Unary(func(x value) value { return ag.DropPath(x, 0.5, nil) }), tensor("x", 6, 2, 3)),

		row("Gather", gather(5, 2, 0, 4), tensor("x", 5, 3)),
		row("Gather/repeats", gather(5, 2, 0, 2, 2, 3, 0), tensor("x", 5, 3)),
		row("Gather/batch", gather(6, 5, 1, 1), tensor("x", 2, 3, 2)),
		row("Gather/sums", gatherSums, tensor("x", 4, 5)),

		row("GroupedLinear", routed(ag.GroupedLinear), append([]Input{tensor("x", 4, 3), scores(4, 3)}, experts(2, 3)...)...),
		trained("GroupedLinear/weights", routed(ag.GroupedLinear), []Input{tensor("x", 4, 3), scores(4, 3)}, experts(2, 3)...),

		row("GroupedLinearGELU", routed(ag.GroupedLinearGELU), append([]Input{tensor("x", 4, 3), scores(4, 3)}, experts(2, 3)...)...),
		trained("GroupedLinearGELU/weights", routed(ag.GroupedLinearGELU), []Input{tensor("x", 4, 3), scores(4, 3)}, experts(2, 3)...),

		row("LayerNorm", layerNorm, tensor("x", 2, 3, 5), tensor("gamma", 5), tensor("beta", 5)),
		row("LayerNorm/wide", layerNorm, tensor("x", 4, 67), tensor("gamma", 67), tensor("beta", 67)),
		row("LayerNorm/offset", layerNorm, within(30, 32, tensor("x", 3, 6)), tensor("gamma", 6), tensor("beta", 6)),

		row("LayerNormRounded", layerNormRounded, tensor("x", 3, 6), tensor("gamma", 6), tensor("beta", 6)),

		row("Linear", Ternary(ag.Linear), tensor("x", 2, 3, 4), tensor("weight", 5, 4), tensor("bias", 5)),
		row("Linear/no bias", linear, tensor("x", 3, 4), tensor("weight", 5, 4)),
		row("Linear/convolution kernel", linear, tensor("x", 3, 12), tensor("weight", 2, 3, 2, 2)),
		row("Linear/large", Ternary(ag.Linear), tensor("x", 70, 33), tensor("weight", 49, 33), tensor("bias", 49)),
		trained("Linear/weights", Ternary(ag.Linear), []Input{tensor("x", 7, 33)}, tensor("weight", 9, 33), tensor("bias", 9)),

		row("LinearAdd", linearAdd, tensor("x", 2, 3, 4), tensor("residual", 2, 3, 5), tensor("weight", 5, 4), tensor("bias", 5)),
		trained("LinearAdd/weights", linearAdd, []Input{tensor("x", 3, 4), tensor("residual", 3, 5)},
			tensor("weight", 5, 4), tensor("bias", 5)),
		row("LinearGELU", Ternary(ag.LinearGELU), tensor("x", 2, 3, 4), tensor("weight", 5, 4), tensor("bias", 5)),
		row("LinearGELU/large", Ternary(ag.LinearGELU), tensor("x", 35, 33), tensor("weight", 70, 33), tensor("bias", 70)),
		trained("LinearGELU/weights", Ternary(ag.LinearGELU), []Input{tensor("x", 7, 33)}, tensor("weight", 9, 33), tensor("bias", 9)),

		row("LinearAddLast", linearAddLast, tensor("x", 2, 3, 4), tensor("residual", 2, 5, 6), tensor("weight", 6, 4), tensor("bias", 6)),
		row("LinearAddLast/all", linearAddLast, tensor("x", 2, 3, 4), tensor("residual", 2, 3, 5), tensor("weight", 5, 4), tensor("bias", 5)),
		trained("LinearAddLast/weights", linearAddLast, []Input{tensor("x", 2, 3, 4), tensor("residual", 2, 4, 5)},
			tensor("weight", 5, 4), tensor("bias", 5)),
		row("LinearLast", linearLast(5), tensor("x", 2, 3, 4), tensor("weight", 6, 4), tensor("bias", 6)),
		row("LinearLast/all", linearLast(3), tensor("x", 2, 3, 4), tensor("weight", 5, 4), tensor("bias", 5)),
		trained("LinearLast/weights", linearLast(4), []Input{tensor("x", 2, 3, 4)}, tensor("weight", 5, 4), tensor("bias", 5)),

		row("MatMul", matMul(false, false), tensor("a", 3, 4), tensor("b", 4, 5)),
		row("MatMul/transposed b", matMul(false, true), tensor("a", 3, 4), tensor("b", 5, 4)),
		row("MatMul/transposed a", matMul(true, false), tensor("a", 4, 3), tensor("b", 4, 5)),
		row("MatMul/transposed both", matMul(true, true), tensor("a", 4, 3), tensor("b", 5, 4)),
		row("MatMul/batched", matMul(false, false), tensor("a", 2, 3, 2), tensor("b", 2, 2, 4)),
		row("MatMul/batched, transposed b", matMul(false, true), tensor("a", 2, 2, 3, 2), tensor("b", 2, 2, 4, 2)),
		row("MatMul/batched, transposed a", matMul(true, false), tensor("a", 2, 2, 3), tensor("b", 2, 2, 4)),
		row("MatMul/batched, transposed both", matMul(true, true), tensor("a", 2, 2, 3), tensor("b", 2, 4, 2)),
		row("MatMul/shared b", matMul(false, false), tensor("a", 3, 2, 4), tensor("b", 4, 3)),
		row("MatMul/shared b, transposed", matMul(false, true), tensor("a", 3, 2, 4), tensor("b", 3, 4)),
		row("MatMul/itself", Unary(func(x value) value { return ag.MatMul(x, x, false, true) }), tensor("x", 3, 4)),
		row("MatMul/large", matMul(false, false), tensor("a", 61, 70), tensor("b", 70, 53)),

		row("Mean", Unary(ag.Mean), tensor("x", 3, 4)),
		row("MeanAxis/first", with(ag.MeanAxis, 0), tensor("x", 3, 4)),
		row("MeanAxis/middle", with(ag.MeanAxis, 1), tensor("x", 2, 3, 4)),

		row("MSE", Binary(ag.MSE), tensor("pred", 4, 3), fixed(tensor("target", 4, 3))),
		row("MSE/large", Binary(ag.MSE), tensor("pred", 3, 7, 101), fixed(tensor("target", 3, 7, 101))),

		row("Mul", Binary(ag.Mul), tensor("a", 3, 4), tensor("b", 3, 4)),
		row("Mul/row", Binary(ag.Mul), tensor("a", 2, 3, 4), tensor("b", 4)),
		row("Mul/column", Binary(ag.Mul), tensor("a", 3, 1), tensor("b", 3, 4)),
		row("Mul/scalar", Binary(ag.Mul), tensor("a"), tensor("b", 2, 3)),
		row("Mul/itself", Unary(func(x value) value { return ag.Mul(x, x) }), tensor("x", 3, 4)),

		row("Patchify", patchify(2, 2), tensor("pixels", 2, 3, 4, 4, 6)),
		row("Patchify/one frame", patchify(2, 2), tensor("pixels", 2, 3, 1, 2, 4)),
		row("Patchify/one frame a patch", patchify(1, 3), tensor("pixels", 1, 3, 2, 3, 9)),

		row("Permute", Unary(func(x value) value { return ag.Permute(x, 2, 0, 1) }), tensor("x", 2, 3, 4)),
		row("Permute/five axes", Unary(func(x value) value { return ag.Permute(x, 2, 0, 3, 1, 4) }), tensor("x", 2, 3, 3, 2, 2)),

		row("MaxPool", with(ag.MaxPool, volume), distinct("x", 2, 3, 2, 4, 2)),
		row("MaxPool/images", with(ag.MaxPool, image), distinct("x", 2, 1, 5, 4, 3)),
		row("AveragePool", with(ag.AveragePool, volume), tensor("x", 2, 3, 2, 4, 2)),
		row("AveragePool/images", with(ag.AveragePool, image), tensor("x", 2, 1, 5, 4, 3)),

		row("PReLU", Binary(ag.PReLU), nonzero("x", 2, 3, 4), tensor("slope", 4)),
		row("PReLU/vector", Binary(ag.PReLU), nonzero("x", 4), tensor("slope", 4)),

		row("Reshape", Unary(func(x value) value { return ag.Reshape(x, 2, 6) }), tensor("x", 3, 4)),
		row("Reshape/two views", twoViews, tensor("x", 3, 4)),

		trained("Rounded/weights", readTwice, []Input{tensor("x", 5, 7)}, tensor("w1", 3, 7), tensor("w2", 3, 7)),
		row("Widened", Unary(func(x value) value { return ag.Widened(ag.Rounded(x)) }), tensor("x", 3, 4)),

		row("Route", route(2, 0), tensor("x", 5, 3), scores(5, 4), tensor("factor", 10, 1)),
		row("Route/capacity", route(2, 2), tensor("x", 5, 3), scores(5, 4), tensor("factor", 10, 1)),
		row("Route/one expert a token", route(1, 0), tensor("x", 5, 3), scores(5, 4), tensor("factor", 5, 1)),
		row("Route/capacity, first choices first", routeBy(2, 2, ag.ByChoice), tensor("x", 5, 3), scores(5, 4), tensor("factor", 10, 1)),
		row("Route/capacity, best scores first", routeBy(3, 2, ag.ByScore), tensor("x", 5, 3), ranked(scores(5, 4)), tensor("factor", 15, 1)),
		row("RouteGroups", routeGroups(2, 1, 3, ag.ByToken), tensor("x", 6, 3), scores(6, 4), tensor("factor", 12, 1)),
		row("Chosen", Binary(func(x, s value) value { return ag.Chosen(x, ag.Route(s, 2, 0, ag.ByToken)) }),
			tensor("values", 5, 4), scores(5, 4)),
		row("Gates", Unary(func(s value) value { return ag.Gates(s, ag.Route(s, 3, 0, ag.ByToken)) }), scores(5, 4)),
		row("Dispatch", Binary(func(x, s value) value { return ag.Dispatch(x, ag.Route(s, 2, 0, ag.ByToken)) }),
			tensor("x", 4, 3), scores(4, 4)),
		row("Combine", Ternary(func(slots, gates, s value) value { return ag.Combine(slots, gates, ag.Route(s, 2, 0, ag.ByToken)) }),
			tensor("slots", 8, 3), tensor("gates", 4, 2), scores(4, 4)),

		row("Sample", sample(engine.Window{}), tensor("x", 2, 3, 4, 2, 3), between("at", 2, 5, 3), tensor("factor", 2, 5)),
		row("Sample/without factors", Binary(func(x, at value) value { return ag.Sample(x, at, nil, engine.Window{}) }),
			tensor("x", 2, 2, 3, 4, 2), between("at", 2, 7, 3)),
		row("Sample/twice", twice(sample(engine.Window{})), tensor("x", 1, 2, 3, 4, 2), between("at", 1, 5, 3), tensor("factor", 1, 5)),
		row("Sample/from taps", sample(volume), tensor("x", 1, 2, 3, 4, 2), between("at", 1, 2*3*4*6, 3), tensor("factor", 1, 2*3*4*6)),

		row("Scale", with(ag.Scale, -1.7), tensor("x", 3, 4)),
		row("Scale/zero", with(ag.Scale, 0), tensor("x", 3)),

		row("Slice/first axis", Unary(func(x value) value { return ag.Slice(x, 0, 1, 3) }), tensor("x", 4, 3)),
		row("Slice/middle axis", Unary(func(x value) value { return ag.Slice(x, 1, 0, 2) }), tensor("x", 2, 3, 4)),
		row("Slice/last axis", Unary(func(x value) value { return ag.Slice(x, 2, 1, 2) }), tensor("x", 2, 3, 4)),
		row("Slice/overlapping", overlapping, tensor("x", 5, 3)),

		row("Softmax", Unary(ag.Softmax), tensor("x", 2, 3, 5)),
		row("Softmax/large logits", Unary(ag.Softmax), within(-8, 8, tensor("x", 4, 7))),
		row("Softmax/wide", Unary(ag.Softmax), tensor("x", 3, 131)),
		row("LogSoftmax", Unary(ag.LogSoftmax), tensor("x", 2, 3, 5)),
		row("LogSoftmax/large logits", Unary(ag.LogSoftmax), within(-8, 8, tensor("x", 4, 7))),

		row("Sub", Binary(ag.Sub), tensor("a", 3, 4), tensor("b", 3, 4)),
		row("Sub/itself", Unary(func(x value) value { return ag.Sub(ag.Scale(x, 2), x) }), tensor("x", 3, 4)),

		row("Sum", Unary(ag.Sum), tensor("x", 3, 4)),
		row("SumAxis/first", with(ag.SumAxis, 0), tensor("x", 3, 4)),
		row("SumAxis/middle", with(ag.SumAxis, 1), tensor("x", 2, 3, 4)),
		row("SumAxis/last", with(ag.SumAxis, 2), tensor("x", 2, 3, 4)),

		row("GELU", Unary(ag.GELU), tensor("x", 3, 4)),
		row("GELU/wide range", Unary(ag.GELU), within(-6, 6, tensor("x", 37))),
		row("Softplus", Unary(ag.Softplus), tensor("x", 3, 4)),
		row("Softplus/wide range", Unary(ag.Softplus), within(-25, 25, tensor("x", 37))),
		row("NormalCDF", Unary(ag.NormalCDF), tensor("x", 3, 4)),
		row("NormalCDF/wide range", Unary(ag.NormalCDF), within(-4, 4, tensor("x", 37))),
		row("ReLU", Unary(ag.ReLU), nonzero("x", 3, 4)),
		row("ELU", Unary(ag.ELU), nonzero("x", 3, 4)),
		row("Sigmoid", Unary(ag.Sigmoid), tensor("x", 3, 4)),
		row("Sigmoid/wide range", Unary(ag.Sigmoid), within(-25, 25, tensor("x", 37))),
		row("Rsqrt", Unary(ag.Rsqrt), within(0.5, 3, tensor("x", 3, 4))),
	}
}
