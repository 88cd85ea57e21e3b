package cpu

import (
	"math"

	"mien/asm"
	"mien/engine"
)

// randomGrain is how many blocks of four random words make a second goroutine worthwhile.
const randomGrain = 512

func (c *Backend) RandomNormal(dst *engine.Tensor, key engine.Key) {
	defer c.timed("RandomNormal", 0, dst)()
	pick(dst, randomNormal[float32], randomNormal[float64])(dst, key)
}

func randomNormal[F asm.Float](dst *engine.Tensor, key engine.Key) {
	eachWord(host[F](dst), key, func(word uint32) F { return F(engine.Normal(word)) })
}

func (c *Backend) RandomMask(dst *engine.Tensor, p float64, key engine.Key) {
	defer c.timed("RandomMask", 0, dst)()
	pick(dst, randomMask[float32], randomMask[float64])(dst, p, key)
}

func randomMask[F asm.Float](dst *engine.Tensor, p float64, key engine.Key) {
	drop, kept := uint64(math.Ceil(p*(1<<32))), F(1/(1-p)) // a whole number is below x where it is below ⌈x⌉
	eachWord(host[F](dst), key, func(word uint32) F {
		if uint64(word) < drop {
			return 0
		}
		return kept
	})
}

// eachWord sets element i to a function of the i-th random word.
func eachWord[F asm.Float](dst []F, key engine.Key, f func(word uint32) F) {
	parallel(ceilDiv(len(dst), 4), randomGrain, func(lo, hi int) {
		for b := lo; b < hi; b++ {
			for i, word := range key.Block(uint64(b)) {
				if at := 4*b + i; at < len(dst) {
					dst[at] = f(word)
				}
			}
		}
	})
}
