package nn

import (
	"math"
	"math/rand/v2"

	"mien/engine"
)

// Init draws the initial values of a parameter of the given shape.
type Init func(values []float32, shape []int, rng *rand.Rand)

// Zeros is for biases, Ones for the scale of a layer norm.
var Zeros, Ones = Constant(0), Constant(1)

// Constant starts at c.
func Constant(c float32) Init {
	return func(values []float32, _ []int, _ *rand.Rand) {
		for i := range values {
			values[i] = c
		}
	}
}

// TruncatedNormal draws from N(0, std²) truncated at ±cut.
func TruncatedNormal(std, cut float64) Init {
	return func(values []float32, _ []int, rng *rand.Rand) {
		for i := range values {
			x := math.Inf(1)
			for math.Abs(x) > cut {
				x = rng.NormFloat64() * std
			}
			values[i] = float32(x)
		}
	}
}

// InitStd is the initial standard deviation of every linear weight of a classifier, including experts and heads: 0.02 as
// published for widths from 384 on. Narrower blocks start at 1/√dim, which preserves the variance of a signal: at 0.02 a width
// of 128 shrinks it so much that training on small sets stays at chance for a thousand steps.
func InitStd(dim int) float64 {
	if dim >= 384 {
		return 0.02
	}
	return 1 / math.Sqrt(float64(dim))
}

// XavierUniform draws from U(±√(6/(in + out))) for a matrix [out, in]. (Glorot & Bengio 2010)
func XavierUniform(values []float32, shape []int, rng *rand.Rand) {
	uniform(values, math.Sqrt(6/float64(shape[0]+fanIn(shape))), rng)
}

// FanInUniform draws from U(±1/√in), PyTorch's default, which the published code keeps for convolutions and some linear layers.
func FanInUniform(values []float32, shape []int, rng *rand.Rand) {
	FanIn(fanIn(shape))(values, shape, rng)
}

// FanIn draws from U(±1/√in), for biases, whose shape does not give the number of inputs.
func FanIn(in int) Init {
	return func(values []float32, _ []int, rng *rand.Rand) { uniform(values, 1/math.Sqrt(float64(in)), rng) }
}

func fanIn(shape []int) int { return engine.Elements(shape[1:]) }

func uniform(values []float32, bound float64, rng *rand.Rand) {
	for i := range values {
		values[i] = float32((2*rng.Float64() - 1) * bound)
	}
}
