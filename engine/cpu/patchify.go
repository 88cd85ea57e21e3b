package cpu

import (
	"mien/asm"
	"mien/engine"
)

func (c *Backend) Patchify(a engine.PatchifyArgs) {
	defer c.timed("Patchify", 0, a.Dst, a.Pixels)()
	pick(a.Dst, patchify[float32], patchify[float64])(a)
}

// patchify cuts the patches, split among threads, row by row of each channel.
func patchify[F asm.Float](a engine.PatchifyArgs) {
	cut := newCutter[F](&a)
	dst, n := host[F](a.Dst), a.Dst.Dim(-1)
	rows := hostFrom[int32](a.Rows, 0)
	parallelRows(a.Dst.Rows(), rowGrain(n), func(i int) {
		patch := i
		if rows != nil {
			patch = int(rows[i])
		}
		cut.patch(dst[i*n:(i+1)*n], patch)
	})
}

// cutter locates the pixels of a patch and normalises them.
type cutter[F asm.Float] struct {
	*engine.PatchifyArgs
	frames, height, width int

	bytes  []uint8 // [B, T, H, W, 3]
	values [3][256]F
	floats []F // [B, 3, T, H, W]
}

func newCutter[F asm.Float](a *engine.PatchifyArgs) *cutter[F] {
	c, extents := &cutter[F]{PatchifyArgs: a}, a.Pixels.Extents()[1:]
	if a.Pixels.DType() == engine.Uint8 {
		c.bytes = host[uint8](a.Pixels)
		for ch := range c.values {
			for v := range c.values[ch] {
				c.values[ch][v] = (F(v)/255 - F(a.Mean[ch])) / F(a.Std[ch])
			}
		}
	} else {
		c.floats, extents = host[F](a.Pixels), extents[1:]
	}
	c.frames, c.height, c.width = extents[0], extents[1], extents[2]
	return c
}

// patch cuts patch i, counted through the batch.
func (c *cutter[F]) patch(dst []F, i int) {
	across, down, along := c.width/c.Patch, c.height/c.Patch, ceilDiv(c.frames, c.Tubelet)
	left, top := i%across*c.Patch, i/across%down*c.Patch
	sample, first := i/(across*down*along), i/(across*down)%along*c.Tubelet
	for ch := range 3 {
		for t := range c.Tubelet {
			frame := min(first+t, c.frames-1) // one frame fills its tubelet
			for row := range c.Patch {
				c.run(dst[:c.Patch], sample, ch, frame, top+row, left)
				dst = dst[c.Patch:]
			}
		}
	}
}

// run writes one row of a patch in one channel.
func (c *cutter[F]) run(dst []F, sample, ch, frame, y, x int) {
	if c.bytes != nil {
		from := (((sample*c.frames+frame)*c.height+y)*c.width + x) * 3
		values := &c.values[ch]
		for i := range dst {
			dst[i] = values[c.bytes[from+3*i+ch]]
		}
		return
	}
	from := (((sample*3+ch)*c.frames+frame)*c.height+y)*c.width + x
	mean, std := F(c.Mean[ch]), F(c.Std[ch])
	for i, v := range c.floats[from : from+c.Patch] {
		dst[i] = (v - mean) / std
	}
}
