package enginetest

import "mien/engine"

// video is the size of a batch of images or videos, and how it is cut. All numbers of a case differ, so that swapped axes show.
type video struct{ batch, frames, height, width, tubelet, patch int }

var videos = []video{
	{1, 1, 1, 1, 1, 1},
	{1, 1, 4, 4, 1, 4},
	{2, 6, 8, 20, 3, 4},
	{3, 4, 15, 10, 2, 5},
	{2, 1, 12, 9, 1, 3},
	{2, 1, 6, 14, 2, 2}, // a single frame fills its tubelet
	{3, 1, 4, 6, 5, 2},
	{2, 16, 48, 32, 2, 16},
}

// grid returns how many patches there are in the batch, along time, down and across.
func (v video) grid() []int {
	return []int{v.batch, max(1, v.frames/v.tubelet), v.height / v.patch, v.width / v.patch}
}

// at returns where a pixel's channel lies, in bytes [B, T, H, W, 3] or floats [B, 3, T, H, W].
func (v video) at(floats bool, b, ch, t, y, x int) int {
	if floats {
		return (((b*3+ch)*v.frames+t)*v.height+y)*v.width + x
	}
	return (((b*v.frames+t)*v.height+y)*v.width+x)*3 + ch
}

func (v video) shape(floats bool) []int {
	if floats {
		return []int{v.batch, 3, v.frames, v.height, v.width}
	}
	return []int{v.batch, v.frames, v.height, v.width, 3}
}

// each calls fn for every number of every patch, in the order of Dst, with its place among the pixels and its channel.
func (v video) each(floats bool, fn func(ch, at int)) {
	grid := v.grid()
	eachOf(grid[0], grid[1], grid[2], grid[3], func(b, t, y, x int) {
		eachOf(3, v.tubelet, v.patch, v.patch, func(ch, dt, dy, dx int) {
			fn(ch, v.at(floats, b, ch, min(t*v.tubelet+dt, v.frames-1), y*v.patch+dy, x*v.patch+dx))
		})
	})
}

// eachOf counts through four axes, the last one fastest.
func eachOf(a, b, c, d int, fn func(i, j, k, l int)) {
	for i := range a {
		for j := range b {
			for k := range c {
				for l := range d {
					fn(i, j, k, l)
				}
			}
		}
	}
}

func testPatchify(s *suite) {
	for _, v := range videos {
		patches := engine.Elements(v.grid())
		some := []int32{int32(patches - 1), 0}
		for range 5 {
			some = append(some, int32(s.rng.IntN(patches)))
		}
		for _, floats := range []bool{false, true} {
			s.patchify(v, floats, nil)
			s.patchify(v, floats, some)
		}
	}
}

func (s *suite) patchify(v video, floats bool, rows []int32) {
	pixels, values := s.pixels(v, floats)
	a := engine.PatchifyArgs{Pixels: pixels, Tubelet: v.tubelet, Patch: v.patch,
		Mean: [3]float32{0.25, -0.5, 0.625}, Std: [3]float32{0.5, 0.375, -1.25}}
	length := 3 * v.tubelet * v.patch * v.patch
	all := sums(engine.Elements(v.grid()) * length)
	i := 0
	v.each(floats, func(ch, at int) {
		mean, std := float64(a.Mean[ch]), float64(a.Std[ch])
		all.add(i, values[at]/std)
		all.add(i, -mean/std)
		i++
	})
	want := all
	if rows != nil {
		want = sums(0)
		for _, r := range rows {
			want.value = append(want.value, all.value[int(r)*length:int(r+1)*length]...)
			want.size = append(want.size, all.size[int(r)*length:int(r+1)*length]...)
		}
		a.Rows = s.ints(rows, len(rows))
	}
	a.Dst = s.blank(len(want.value)/length, length)
	s.b.Patchify(a)
	s.check(a.Dst, want, "%+v floats=%v rows=%v", v, floats, rows)
}

// pixels draws random ones and returns what they stand for.
func (s *suite) pixels(v video, floats bool) (*engine.Tensor, []float64) {
	shape := v.shape(floats)
	if floats {
		return s.random(shape...)
	}
	bytes, values := make([]uint8, engine.Elements(shape)), make([]float64, engine.Elements(shape))
	for i := range bytes {
		bytes[i] = uint8(s.rng.IntN(256))
		values[i] = float64(bytes[i]) / 255
	}
	return s.keep(engine.FromSlice(s.b, engine.Uint8, bytes, shape...)), values
}
