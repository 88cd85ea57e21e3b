package cpu

import (
	"mien/asm"
	"mien/engine"
)

func (c *Backend) Patchify(a engine.PatchifyArgs) {
	pick(a.Dst, patchify[float32], patchify[float64])(a)
}

// patchify cuts one patch after the other, in threads: row by row of a channel.
func patchify[F asm.Float](a engine.PatchifyArgs) {
	cut := newCutter[F](&a)
	dst, n := host[F](a.Dst), a.Dst.Dim(-1)
	rows := []int32(nil)
	if a.Rows != nil {
		rows = host[int32](a.Rows)
	}
	parallel(a.Dst.Rows(), rowGrain(n), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			patch := i
			if rows != nil {
				patch = int(rows[i])
			}
			cut.patch(dst[i*n:(i+1)*n], patch)
		}
	})
}

// cutter knows where the pixels of a patch are, and what they stand for.
type cutter[F asm.Float] struct {
	frames, height, width, tubelet, side int
	channelsLast                         bool

	bytes  []uint8 // [B, T, H, W, 3]
	values [3][256]F
	floats []F // [B, 3, T, H, W]
	mean   [3]F
	std    [3]F
}

func newCutter[F asm.Float](a *engine.PatchifyArgs) *cutter[F] {
	c := &cutter[F]{tubelet: a.Tubelet, side: a.Patch, channelsLast: a.ChannelsLast}
	for ch := range 3 {
		c.mean[ch], c.std[ch] = F(a.Mean[ch]), F(a.Std[ch])
	}
	if a.Pixels.DType() != engine.Uint8 {
		c.floats = host[F](a.Pixels)
		c.frames, c.height, c.width = a.Pixels.Dim(2), a.Pixels.Dim(3), a.Pixels.Dim(4)
		return c
	}
	c.bytes = host[uint8](a.Pixels)
	c.frames, c.height, c.width = a.Pixels.Dim(1), a.Pixels.Dim(2), a.Pixels.Dim(3)
	for ch := range c.values {
		for v := range c.values[ch] {
			c.values[ch][v] = (F(v)/255 - c.mean[ch]) / c.std[ch]
		}
	}
	return c
}

// patch cuts patch i, counted through the batch.
func (c *cutter[F]) patch(dst []F, i int) {
	across, down := c.width/c.side, c.height/c.side
	along := (c.frames + c.tubelet - 1) / c.tubelet
	left, top := i%across*c.side, i/across%down*c.side
	sample, first := i/(across*down*along), i/(across*down)%along*c.tubelet
	step, channelStep := 1, c.tubelet*c.side*c.side
	if c.channelsLast {
		step, channelStep = 3, 1
	}
	for t := range c.tubelet {
		frame := min(first+t, c.frames-1) // one frame fills its tubelet
		for row := range c.side {
			at := (t*c.side + row) * c.side * step
			for ch := range 3 {
				c.run(dst[at+ch*channelStep:], step, sample, ch, frame, top+row, left)
			}
		}
	}
}

// run writes one row of a patch in one channel.
func (c *cutter[F]) run(dst []F, step, sample, ch, frame, y, x int) {
	if c.bytes != nil {
		from := (((sample*c.frames+frame)*c.height+y)*c.width + x) * 3
		values := &c.values[ch]
		for i := range c.side {
			dst[i*step] = values[c.bytes[from+3*i+ch]]
		}
		return
	}
	from := (((sample*3+ch)*c.frames+frame)*c.height+y)*c.width + x
	for i, v := range c.floats[from : from+c.side] {
		dst[i*step] = (v - c.mean[ch]) / c.std[ch]
	}
}
