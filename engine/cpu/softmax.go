package cpu

import (
	"math"

	"mien/asm"
	"mien/engine"
)

func (c *Backend) Softmax(dst, x *engine.Tensor) {
	defer c.timed("Softmax", 0, dst, x)()
	pick(x, softmax[float32], softmax[float64])(dst, x)
}

func softmax[F asm.Float](dst, x *engine.Tensor) {
	d, v, n := host[F](dst), host[F](x), x.Dim(-1)
	parallelRows(x.Rows(), rowGrain(n)/4, func(r int) {
		kernels[F]().Softmax(d[r*n:(r+1)*n], v[r*n:(r+1)*n])
	})
}

func (c *Backend) SoftmaxBackward(dx, y, dy *engine.Tensor) {
	defer c.timed("SoftmaxBackward", 0, dx, y, dy)()
	pick(y, softmaxBackward[float32], softmaxBackward[float64])(dx, y, dy)
}

func softmaxBackward[F asm.Float](dx, y, dy *engine.Tensor) {
	d, v, g, n := host[F](dx), host[F](y), host[F](dy), y.Dim(-1)
	parallelRows(y.Rows(), rowGrain(n)/2, func(r int) {
		from, to := r*n, (r+1)*n
		kernels[F]().SoftmaxBackward(d[from:to], v[from:to], g[from:to])
	})
}

func (c *Backend) LogSoftmax(dst, x *engine.Tensor) {
	defer c.timed("LogSoftmax", 0, dst, x)()
	pick(x, logSoftmax[float32], logSoftmax[float64])(dst, x)
}

// logSoftmax is plain Go: its rows are class logits, a few numbers each.
func logSoftmax[F asm.Float](dst, x *engine.Tensor) {
	d, v, n := host[F](dst), host[F](x), x.Dim(-1)
	parallelRows(x.Rows(), rowGrain(n)/16, func(r int) {
		row := v[r*n : (r+1)*n]
		top := F(math.Inf(-1))
		for _, xi := range row {
			top = max(top, xi)
		}
		sum := 0.0
		for _, xi := range row {
			sum += math.Exp(float64(xi - top))
		}
		lse := top + F(math.Log(sum))
		for j, xi := range row {
			d[r*n+j] = xi - lse
		}
	})
}

func (c *Backend) LogSoftmaxBackward(dx, y, dy *engine.Tensor) {
	defer c.timed("LogSoftmaxBackward", 0, dx, y, dy)()
	pick(y, logSoftmaxBackward[float32], logSoftmaxBackward[float64])(dx, y, dy)
}

// logSoftmaxBackward computes dx = dy − softmax·Σ dy.
func logSoftmaxBackward[F asm.Float](dx, y, dy *engine.Tensor) {
	d, v, g, n := host[F](dx), host[F](y), host[F](dy), y.Dim(-1)
	parallelRows(y.Rows(), rowGrain(n)/16, func(r int) {
		from, to := r*n, (r+1)*n
		sum := kernels[F]().Sum(g[from:to])
		for j := from; j < to; j++ {
			d[j] = g[j] - F(math.Exp(float64(v[j])))*sum
		}
	})
}
