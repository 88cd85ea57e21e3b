package autograd

import "mien/engine"

// Patchify cuts pixels into patches of the given dtype as engine.PatchifyArgs says; Dst and Pixels of a are filled in here. The result
// is [B, N, width] with all patches of a sample, or [n, width] with those of a.Rows.
//
// Bytes have no gradient. For floats, when all patches are cut, dx = the element of dy that x went to, over
// Std.
func Patchify(pixels *Value, dtype engine.DType, a engine.PatchifyArgs) *Value {
	o := begin("Patchify", pixels)
	cut := patchGrid(pixels, a)
	o.dtype = dtype
	shape := []int{cut.batch, cut.along * cut.down * cut.across, 3 * a.Tubelet * a.Patch * a.Patch}
	if a.Rows != nil {
		shape = []int{a.Rows.Len(), shape[2]}
	}
	if o.needs && a.Rows != nil {
		panic(&engine.ShapeError{Op: "Patchify", Got: "pixels that need a gradient", Want: "all patches"})
	}
	a.Pixels, a.Dst = pixels.data, o.new(shape...)
	o.be.Patchify(a)
	return o.result(a.Dst, func(dy *engine.Tensor) { pixels.accumulate("Patchify", cut.assemble(o, a, dy)) })
}

// grid is how patches divide a batch of pixels.
type grid struct{ batch, frames, along, down, across int }

func patchGrid(pixels *Value, a engine.PatchifyArgs) grid {
	shape := pixels.Shape()
	if len(shape) != 5 || a.Tubelet < 1 || a.Patch < 1 {
		panic(&engine.ShapeError{Op: "Patchify", Got: shape, Want: "[B, T, H, W, 3] bytes or [B, 3, T, H, W] floats"})
	}
	channels, t, h, w := shape[1], shape[2], shape[3], shape[4]
	if pixels.data.DType() == engine.Uint8 {
		t, h, w, channels = shape[1], shape[2], shape[3], shape[4]
	}
	if channels != 3 || h%a.Patch != 0 || w%a.Patch != 0 || t != 1 && t%a.Tubelet != 0 {
		panic(&engine.ShapeError{Op: "Patchify", Got: pixels.data, Want: "3 channels, and frames of whole patches"})
	}
	return grid{batch: shape[0], frames: t, along: max(1, t/a.Tubelet), down: h / a.Patch, across: w / a.Patch}
}

// assemble puts a gradient of patches back into the places of the pixels; that of a repeated frame is summed.
func (g grid) assemble(o op, a engine.PatchifyArgs, dy *engine.Tensor) *engine.Tensor {
	p := a.Patch
	patches := dy.View(g.batch, g.along, g.down, g.across, 3, a.Tubelet, p, p)
	defer patches.Free()
	frames := o.new(g.batch, 3, g.along, a.Tubelet, g.down, p, g.across, p)
	o.be.Permute(frames, patches, []int{0, 4, 1, 5, 2, 6, 3, 7})
	shape := []int{g.batch, 3, g.along * a.Tubelet, g.down * p, g.across * p}
	dx := frames.View(shape...)
	frames.Free()
	if g.frames == 1 {
		shape[2] = 1
		sum := o.new(shape...)
		o.be.SumTo(sum, dx, false)
		dx.Free()
		dx = sum
	}
	std := engine.FromSlice(o.be, o.dtype, []float64{1 / float64(a.Std[0]), 1 / float64(a.Std[1]), 1 / float64(a.Std[2])}, 3, 1, 1, 1)
	o.be.Binary(engine.Mul, dx, dx, std)
	std.Free()
	return dx
}
