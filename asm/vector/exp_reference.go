package vector

import (
	"math"

	"mien/asm/internal/kernel"
)

func expReference[F kernel.Float](dst, x []F, shift F) {
	for i, v := range x {
		dst[i] = F(math.Exp(float64(v - shift)))
	}
}
