package eyes

import (
	"math"
	"math/rand/v2"

	ag "mien/autograd"
	"mien/engine"
	"mien/nn"
)

// The network, of 52,130 weights: convolutions that reduce a view to a grid of cells, residual ones in which each cell comes to see most of the
// view, and a map for each corner that says in which cell it is. One of the residual ones sees the same place of the other eye, too: eyes of a
// face are alike, and where lashes or folds hide a corner of one that of the other is seen. The corner is the mean place of its map
// (soft-argmax), which is finer than a cell and moves as the eye does, whatever few eyes the network has seen.

const (
	// Side is that of a view in pixels.
	Side = 48
	// Grid is the number of cells in a row and in a column.
	Grid = Side / 4
	// Corners of an eye: the outer and the inner one.
	Corners = 2

	narrow, wide, depth = 16, 32, 4
	// across is the residual convolution that sees both eyes.
	across = 2
)

// Net maps views to maps of corners.
type Net struct {
	first, second *nn.Convolution
	residuals     []*nn.Convolution
	last          *nn.Convolution
}

// NewNet makes the network in scope s.
func NewNet(s *nn.Scope) *Net {
	n := &Net{
		first:  nn.NewConvolution(s.Sub("first"), 3, narrow, square(5, 2), preserving),
		second: nn.NewConvolution(s.Sub("second"), narrow, wide, square(3, 2), preserving),
	}
	for i := range depth {
		in := wide
		if i == across {
			in = 2 * wide
		}
		n.residuals = append(n.residuals, nn.NewConvolution(s.Index("residual", i), in, wide, square(3, 1), preserving))
	}
	n.last = nn.NewConvolution(s.Sub("last"), wide, Corners, square(1, 1), preserving)
	return n
}

// square is a window over rows and columns that keeps the size, but for its stride.
func square(kernel, stride int) engine.Window {
	return engine.Window{Kernel: [3]int{1, kernel, kernel}, Stride: [3]int{1, stride, stride}, Pad: [3]int{0, kernel / 2, kernel / 2}}
}

// preserving keeps the variance of signals through a ReLU (He et al. 2015).
func preserving(values []float32, shape []int, rng *rand.Rand) {
	std := math.Sqrt(2 / float64(engine.Elements(shape[1:])))
	nn.TruncatedNormal(std, 2*std)(values, shape, rng)
}

// Maps maps views [B, 1, Side, Side, 3], as Pixels gives them, to logits [B·Corners, Grid²]: in which cell a corner is. Both eyes of a face
// follow each other. In training, drop leaves out features; it is nil otherwise.
func (n *Net) Maps(x *ag.Value, drop func(*ag.Value) *ag.Value) *ag.Value {
	if drop == nil {
		drop = func(x *ag.Value) *ag.Value { return x }
	}
	x = nn.Layer(x, func(x *ag.Value) *ag.Value { return ag.ReLU(n.first.Forward(x)) })
	x = nn.Layer(x, func(x *ag.Value) *ag.Value { return ag.ReLU(n.second.Forward(x)) })
	for i, c := range n.residuals {
		x = nn.Layer(drop(x), func(x *ag.Value) *ag.Value {
			seen := x
			if i == across {
				seen = ag.Concat(4, x, others(x))
			}
			return ag.Add(x, ag.ReLU(c.Forward(seen)))
		})
	}
	maps := n.last.Forward(drop(x)) // [B, 1, Grid, Grid, Corners]
	views := maps.Dim(0)
	return ag.Reshape(ag.Permute(ag.Reshape(maps, views, Grid*Grid, Corners), 0, 2, 1), views*Corners, Grid*Grid)
}

// others returns for each eye the features of the other one of its face.
func others(x *ag.Value) *ag.Value {
	pairs := ag.Reshape(x, x.Dim(0)/2, 2, engine.Elements(x.Shape()[1:]))
	return ag.Reshape(ag.Concat(1, ag.Slice(pairs, 1, 1, 2), ag.Slice(pairs, 1, 0, 1)), x.Shape()...)
}
