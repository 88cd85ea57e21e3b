package cpu

import (
	"mien/asm"
	"mien/engine"
)

func (c *Backend) Copy(a engine.CopyArgs) {
	defer c.timed("Copy", 0, a.Dst, a.Src)()
	if a.Accumulate {
		pick(a.Dst, copyAdd[float32], copyAdd[float64])(a)
		return
	}
	switch a.Dst.DType() {
	case engine.Float32:
		copyBlocks[float32](a)
	case engine.Float64:
		copyBlocks[float64](a)
	case engine.Int32:
		copyBlocks[int32](a)
	default:
		panic(unsupported("Copy", a.Dst.DType()))
	}
}

func copyBlocks[N engine.Number](a engine.CopyArgs) {
	dst, src := host[N](a.Dst), host[N](a.Src)
	parallelRows(a.Count, rowGrain(a.Block), func(i int) {
		d, s := a.DstOffset+i*a.DstStride, a.SrcOffset+i*a.SrcStride
		copy(dst[d:d+a.Block], src[s:s+a.Block])
	})
}

func copyAdd[F asm.Float](a engine.CopyArgs) {
	dst, src := host[F](a.Dst), host[F](a.Src)
	parallelRows(a.Count, rowGrain(a.Block), func(i int) {
		d, s := a.DstOffset+i*a.DstStride, a.SrcOffset+i*a.SrcStride
		kernels[F]().Axpy(dst[d:d+a.Block], 1, src[s:s+a.Block])
	})
}

func (c *Backend) Permute(dst, src *engine.Tensor, perm []int) {
	defer c.timed("Permute", 0, dst, src)()
	pick(dst, permute[float32], permute[float64])(dst, src, perm)
}

// permute fills dst in order, in runs along its last axis.
func permute[F asm.Float](dst, src *engine.Tensor, perm []int) {
	d, s := host[F](dst), host[F](src)
	if len(d) == 0 {
		return
	}
	strides, from := engine.BroadcastStrides(src.Extents(), src.Extents()), make([]int, len(perm))
	for i, axis := range perm {
		from[i] = strides[axis]
	}
	loop := newWalk(dst.Extents(), from, from)
	inner, step := loop.inner, loop.step[0]
	parallel(loop.outer, rowGrain(inner), func(lo, hi int) {
		eachRun(loop.dims, loop.strides[0], lo, hi, func(i, at int) {
			run := d[i*inner : (i+1)*inner]
			if step == 1 {
				copy(run, s[at:at+inner])
				return
			}
			for j := range run {
				run[j] = s[at+j*step]
			}
		})
	})
}

// eachRun calls fn for lo ≤ i < hi with the offset of element i of a tensor with these extents and strides. It counts like
// an odometer: a division for each axis costs more than a short run.
func eachRun(dims, strides []int, lo, hi int, fn func(i, at int)) {
	digits := make([]int, len(dims))
	at, rest := 0, lo
	for axis := len(dims) - 1; axis >= 0; axis-- {
		digits[axis] = rest % dims[axis]
		rest /= dims[axis]
		at += digits[axis] * strides[axis]
	}
	for i := lo; i < hi; i++ {
		fn(i, at)
		for axis := len(dims) - 1; axis >= 0; axis-- {
			digits[axis]++
			at += strides[axis]
			if digits[axis] < dims[axis] {
				break
			}
			at -= dims[axis] * strides[axis]
			digits[axis] = 0
		}
	}
}
