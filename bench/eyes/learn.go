package main

import (
	"fmt"
	"math"
	"os"
	"slices"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/engine/cpu"
	"mien/face/eyes"
	"mien/modelfile"
	"mien/nn"
	"mien/train"
)

const (
	steps     = 4000
	batch     = 16 // faces
	perDrawn  = 3  // one of so many is drawn
	rate      = 2e-3
	warmUp    = 50 // steps
	decay     = 0.3
	dropped   = 0.05 // share of channels
	beta2     = 0.99
	deviation = 0.8 // of a corner's map in cells, at least

	cells = eyes.Grid * eyes.Grid
)

// learner is a network that learns.
type learner struct {
	backend engine.Backend
	scope   *nn.Scope
	net     *eyes.Net
}

// newLearner returns a network that begins to learn, and its optimizer.
func newLearner() (*learner, *train.AdamW) {
	b := cpu.New()
	l := &learner{backend: b, scope: nn.NewScope(b, engine.Float32, nn.Random{})}
	l.net = eyes.NewNet(l.scope)
	return l, train.NewAdamW(b, l.scope.Params(), beta2, func(_ string, shape []int) (scale, weight float64) {
		if len(shape) == 1 {
			return 1, 0
		}
		return 1, decay
	})
}

// learn trains a network on sitters, and on drawn faces beside them.
func learn(sitters, drawn []*face) (*learner, error) {
	l, optimizer := newLearner()
	defer optimizer.Free()
	sum := 0.
	for step := range steps {
		loss, err := l.step(optimizer, newViews(sitters, drawn, step), step)
		if err != nil {
			return nil, err
		}
		if sum += loss; (step+1)%500 == 0 {
			fmt.Fprintf(os.Stderr, "step %d: loss %.3f\n", step+1, sum/500)
			sum = 0
		}
	}
	return l, nil
}

// newViews draws the views of a step: of each face those of both eyes.
func newViews(sitters, drawn []*face, step int) (all []view) {
	rng := data.Stream(0, "eyes", step)
	for i := range batch {
		from := sitters
		if i%perDrawn == 0 {
			from = drawn
		}
		both := vary(from[rng.IntN(len(from))], rng)
		all = append(all, both[:]...)
	}
	return all
}

// step learns from some views: maps are to be narrow and at the corners, and the mean places of maps, and the middles between them, where those
// of the eyes are.
//
//	loss = 0.3·cross-entropy(maps, narrow maps) + mean |corner − its place| + 2·mean |middle − its place|, in cells
func (l *learner) step(optimizer *train.AdamW, views []view, step int) (loss float64, err error) {
	tape := ag.NewTape(l.backend)
	defer tape.Close()
	constant := func(values []float32, shape ...int) *ag.Value {
		return tape.Const(engine.FromSlice(l.backend, engine.Float32, values, shape...))
	}
	n := len(views) * eyes.Corners
	var pixels, maps, points []float32
	for _, v := range views {
		pixels = eyes.Pixels(pixels, v.pixels)
		for _, at := range v.corners {
			maps = append(maps, narrow(at)...)
			points = append(points, float32(real(at)), float32(imag(at)))
		}
	}
	logits := l.net.Maps(constant(pixels, len(views), 1, eyes.Side, eyes.Side, 3), dropout(step, constant))
	places := ag.MatMul(ag.Softmax(logits), constant(centres(), 2, cells), false, true)
	off := ag.Sub(places, constant(points, n, 2))
	middle := ag.MeanAxis(ag.Reshape(off, len(views), eyes.Corners, 2), 1)
	sum := ag.Add(ag.Mean(magnitude(off)), ag.Scale(ag.Mean(magnitude(middle)), 2))
	sum = ag.Add(sum, ag.Scale(ag.CrossEntropy(logits, constant(maps, n, cells)), 0.3))
	tape.Backward(sum)
	share := float64(step) / steps
	figures := optimizer.Update(sum.Data(), rate*min(1, float64(step+1)/warmUp)*(1+math.Cos(math.Pi*share))/2, 1)
	defer figures.Free()
	read, err := engine.Read[float64](figures)
	if err != nil {
		return 0, err
	}
	if read[engine.FigureOK] != 1 {
		return 0, fmt.Errorf("step %d: loss is %v", step, read[engine.FigureLoss])
	}
	return read[engine.FigureLoss], nil
}

// dropout leaves out channels of a step, each in a whole view (Tompson et al. 2015): its neighbours would tell a single cell. It gets constants.
func dropout(step int, constant func(values []float32, shape ...int) *ag.Value) func(x *ag.Value) *ag.Value {
	use := 0
	return func(x *ag.Value) *ag.Value {
		key := engine.Key{Seed: 1, Stream: uint64(step)}.Child(use)
		use++
		views, channels := x.Dim(0), x.Dim(-1)
		ones := constant(slices.Repeat([]float32{1}, views*channels), views, 1, 1, 1, channels)
		return ag.Mul(x, ag.Dropout(ones, dropped, &key))
	}
}

func magnitude(x *ag.Value) *ag.Value { return ag.Add(ag.ReLU(x), ag.ReLU(ag.Scale(x, -1))) }

// narrow is the map of a corner: a Gaussian around it.
func narrow(at complex128) []float32 {
	m, sum := make([]float32, cells), float32(0)
	for i := range m {
		d := centre(i) - at
		m[i] = float32(math.Exp(-(real(d)*real(d) + imag(d)*imag(d)) / (2 * deviation * deviation)))
		sum += m[i]
	}
	for i := range m {
		m[i] /= max(sum, 1e-6)
	}
	return m
}

// centre is the middle of a cell.
func centre(i int) complex128 { return complex(float64(i%eyes.Grid)+0.5, float64(i/eyes.Grid)+0.5) }

// centres are those of all cells: their columns, then their rows.
func centres() []float32 {
	all := make([]float32, 2*cells)
	for i := range cells {
		all[i], all[cells+i] = float32(real(centre(i))), float32(imag(centre(i)))
	}
	return all
}

func (l *learner) write(path string) error {
	return modelfile.Write(path, l.scope.Params(), map[string]string{"licence": "Apache-2.0, see CARD.md beside"})
}

func (l *learner) close() { l.scope.Free() }
