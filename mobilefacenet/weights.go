package mobilefacenet

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"mien/engine"
	"mien/nn"
)

// Where the weights of a frozen network come from: the checkpoint that cunjian/pytorch_face_landmark published and S2D uses, with batch norms;
// the same network in OpenVINO's form, with batch norms folded; or a file of mien, with the names and shapes of [New], or of [NewLearner],
// whose batch norms are folded.

// The first weight of a file, by which its form is recognised.
const (
	firstOpenVINO   = "Convolution.0"
	firstCheckpoint = "conv1.conv.weight"
	firstOwn        = "conv1.weight"
)

// Source returns the nn.Source of the network's weights in a file of any of these forms, or an error if it holds none. After the
// network is made, done returns an error if the file has tensors left that the network does not know.
func Source(file nn.Weights) (source nn.Source, done func() error, err error) {
	has := func(name string) bool { _, ok := file.Shape(name); return ok }
	s := &reader{file: file, used: map[string]bool{}, counts: map[string]int{}}
	switch {
	case has(firstOpenVINO):
		s.read = s.openVINO
	case has(firstCheckpoint):
		s.read = s.torch
	case has(firstOwn):
		s.read = s.own
	default:
		return nil, nil, errors.New("no weights of MobileFaceNet: name its .pth.tar, its OpenVINO .xml, or a run or file of mien that holds it")
	}
	return s, s.done, nil
}

// WidthOf returns the width of the network in a file that has a Source, 0 of others.
func WidthOf(file nn.Weights) int {
	for _, first := range []string{firstOpenVINO, firstCheckpoint, firstOwn} {
		if shape, _ := file.Shape(first); len(shape) > 0 {
			return shape[0]
		}
	}
	return 0
}

// reader fills parameters from a file and remembers which tensors it used.
type reader struct {
	file   nn.Weights
	used   map[string]bool
	counts map[string]int // of OpenVINO's layers, by type
	read   func(values []float32, name string, shape []int) error
}

// Fill implements nn.Source.
func (r *reader) Fill(values []float32, name string, shape []int, _ nn.Init) error {
	return r.read(values, name, shape)
}

// done returns an error for tensors that were not used. PyTorch counts batches, which nobody needs.
func (r *reader) done() error {
	for _, name := range r.file.Names() {
		if !r.used[name] && !strings.HasSuffix(name, ".num_batches_tracked") {
			return fmt.Errorf("weights hold %q, which MobileFaceNet does not have: is it another network's file?", name)
		}
	}
	return nil
}

func (r *reader) tensor(values []float32, name string, shape ...int) error {
	r.used[name] = true
	return nn.ReadTensor(r.file, values, name, shape)
}

// next is the name of the next of OpenVINO's layers of a type.
func (r *reader) next(layer string) string {
	r.counts[layer]++
	return fmt.Sprintf("%s.%d", layer, r.counts[layer]-1)
}

// openVINO reads a parameter by its place: layers of a type follow each other as they do in the network. The batch norm after the last
// layer stands beside it, as a factor and an addend.
func (r *reader) openVINO(values []float32, name string, shape []int) error {
	linear := strings.HasPrefix(name, "output_layer.linear.")
	switch part := name[strings.LastIndex(name, ".")+1:]; {
	case linear && part == "weight":
		factors := make([]float32, shape[0])
		if err := cmp.Or(r.tensor(values, r.next("MatMul"), shape...), r.tensor(factors, r.next("Multiply"), 1, shape[0], 1)); err != nil {
			return err
		}
		for i := range values {
			values[i] *= factors[i/shape[1]]
		}
		return nil
	case linear:
		return r.tensor(values, r.next("Add"), 1, shape[0], 1)
	case part == "bias":
		return r.tensor(values, r.next("Add"), 1, shape[0], 1, 1)
	case part == "slope":
		return r.tensor(values, r.next("PReLU"), shape[0], 1, 1)
	case len(shape) == 4:
		return r.channelsLast(values, shape, func(first []float32) error {
			return r.tensor(first, r.next("GroupConvolution"), shape[3], 1, 1, shape[1], shape[2])
		})
	}
	return r.channelsLast(values, shape, func(first []float32) error {
		return r.tensor(first, r.next("Convolution"), channelsFirst(shape)...)
	})
}

// own reads a parameter of a file of mien. That of a network that learned has batch norms.
func (r *reader) own(values []float32, name string, shape []int) error {
	at := strings.LastIndex(name, ".")
	layer, part := name[:at], name[at+1:]
	norm, channels := layer+"."+normScope, shape[0]
	if len(shape) == 4 { // depth-wise
		channels = shape[3]
	}
	if _, learned := r.file.Shape(norm + ".weight"); !learned || part == "slope" {
		return r.tensor(values, name, shape...)
	}
	stats, err := r.stats(norm, channels)
	if err != nil {
		return err
	}
	factors, shifts := fold(slices.Repeat([]float32{1}, channels), stats)
	if part == "bias" {
		copy(values, shifts)
		return nil
	}
	if err := r.tensor(values, name, shape...); err != nil {
		return err
	}
	for i := range values {
		if len(shape) == 4 {
			values[i] *= factors[i%channels]
		} else {
			values[i] *= factors[i*channels/len(values)]
		}
	}
	return nil
}

// torch reads a parameter of the published checkpoint and folds the batch norm that follows it there.
func (r *reader) torch(values []float32, name string, shape []int) error {
	at := strings.LastIndex(name, ".")
	layer, part := name[:at], name[at+1:]
	if part == "slope" {
		return r.tensor(values, layer+".prelu.weight", shape...)
	}
	weight, norm := layer+".conv.weight", layer+".bn"
	if layer == "output_layer.linear" {
		weight, norm = layer+".weight", "output_layer.bn"
	}
	if part == "weight" {
		if err := nn.ReadTensor(r.file, nil, weight, channelsFirst(shape)); err != nil {
			return err
		}
	}
	w, b, err := r.folded(weight, norm)
	switch {
	case err != nil:
		return err
	case part == "bias":
		copy(values, b)
		return nil
	case len(shape) == 2:
		copy(values, w)
		return nil
	}
	return r.channelsLast(values, shape, func(first []float32) error { copy(first, w); return nil })
}

// folded returns weight and bias of a layer and its batch norm as one.
func (r *reader) folded(weight, norm string) (w, b []float32, err error) {
	shape, ok := r.file.Shape(weight)
	if !ok || len(shape) == 0 {
		return nil, nil, nn.ReadTensor(r.file, nil, weight, nil)
	}
	all := make([]float32, engine.Elements(shape))
	if err := r.tensor(all, weight, shape...); err != nil {
		return nil, nil, err
	}
	stats, err := r.stats(norm, shape[0])
	if err != nil {
		return nil, nil, err
	}
	w, b = fold(all, stats)
	return w, b, nil
}

// stats reads weight, bias, mean and variance of a batch norm of so many channels.
func (r *reader) stats(norm string, channels int) (stats [4][]float32, err error) {
	for i, part := range []string{".weight", ".bias", ".running_mean", ".running_var"} {
		stats[i] = make([]float32, channels)
		if err := r.tensor(stats[i], norm+part, channels); err != nil {
			return stats, err
		}
	}
	return stats, nil
}

// fold makes a layer without a bias and the batch norm after it one layer.
func fold(weight []float32, stats [4][]float32) (w, b []float32) {
	return nn.FoldBatchNorm(weight, nil, stats[0], stats[1], stats[2], stats[3], nn.BatchNormEps)
}

// channelsFirst is the shape in a checkpoint of a weight whose channels are moved to its end here: see channelsLast.
func channelsFirst(shape []int) []int {
	switch len(shape) {
	case 5:
		return []int{shape[0], shape[4], shape[2], shape[3]}
	case 4:
		return []int{shape[3], 1, shape[1], shape[2]}
	}
	return shape
}

// channelsLast moves the channels of a kernel to its end: read fills [out, in, k, k], and values become [out, 1, k, k, in]; of a depth-wise
// one [channels, 1, k, k] becomes [1, k, k, channels].
func (r *reader) channelsLast(values []float32, shape []int, read func(first []float32) error) error {
	first := make([]float32, len(values))
	if err := read(first); err != nil {
		return err
	}
	channels := shape[len(shape)-1]
	taps := shape[len(shape)-2] * shape[len(shape)-3]
	for i := range values {
		c, tap, out := i%channels, i/channels%taps, i/(channels*taps)
		values[i] = first[(out*channels+c)*taps+tap]
	}
	return nil
}
