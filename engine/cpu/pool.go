package cpu

import (
	"mien/asm"
	"mien/engine"
)

func (c *Backend) MaxPool(dst, tap, x *engine.Tensor, w engine.Window) {
	defer c.timed("MaxPool", 0, dst, tap, x)()
	pick(x, maxPool[float32], maxPool[float64])(dst, tap, x, w)
}

func maxPool[F asm.Float](dst, tap, x *engine.Tensor, w engine.Window) {
	if tap == nil {
		largest[F](dst, x, w)
		return
	}
	d, at, src, n, r := host[F](dst), host[int32](tap), host[F](x), x.Dim(-1), sitesOf(x, w)
	parallelRows(dst.Rows(), rowGrain(n*w.Taps()), func(site int) {
		best, from := d[site*n:(site+1)*n], at[site*n:(site+1)*n]
		begun := false
		r.each(site, func(tap, position int) {
			for i, v := range src[position*n : (position+1)*n] {
				if !begun || v > best[i] || v != v && best[i] == best[i] {
					best[i], from[i] = v, int32(tap)
				}
			}
			begun = true
		})
	})
}

// largest is max pooling that does not say which element it took.
func largest[F asm.Float](dst, x *engine.Tensor, w engine.Window) {
	d, src, n, r, k := host[F](dst), host[F](x), x.Dim(-1), sitesOf(x, w), kernels[F]()
	parallelRows(dst.Rows(), rowGrain(n*w.Taps()), func(site int) {
		best := d[site*n : (site+1)*n]
		begun := false
		r.each(site, func(_, position int) {
			v := src[position*n : (position+1)*n]
			if !begun {
				copy(best, v)
				begun = true
				return
			}
			k.Maximum(best, best, v)
		})
	})
}

func (c *Backend) MaxPoolBackward(dx, dy, tap *engine.Tensor, w engine.Window) {
	defer c.timed("MaxPoolBackward", 0, dx, dy, tap)()
	pick(dx, maxPoolBackward[float32], maxPoolBackward[float64])(dx, dy, tap, w)
}

func maxPoolBackward[F asm.Float](dx, dy, tap *engine.Tensor, w engine.Window) {
	d, up, at, n, r := host[F](dx), host[F](dy), host[int32](tap), dx.Dim(-1), positionsOf(dx, w)
	parallelRows(dx.Rows(), rowGrain(n*w.Taps()), func(position int) {
		row := d[position*n : (position+1)*n]
		clear(row)
		r.each(position, func(tap, site int) {
			for i, chosen := range at[site*n : (site+1)*n] {
				if chosen == int32(tap) {
					row[i] += up[site*n+i]
				}
			}
		})
	})
}
