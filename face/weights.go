package face

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"mien/nn"
)

// Where weights come from: a published ONNX file, with batch norms folded into the convolutions, or a file with the names and shapes of
// network, as the embedded one.

// firstONNX is the first weight of a published file, by which it is recognised.
const firstONNX = "Conv.0"

// source returns the nn.Source of a file, and which network it holds.
func source(file nn.Weights) (nn.Source, shape, error) {
	convs := 0
	for _, name := range file.Names() {
		if kind, at, _ := strings.Cut(name, "."); kind == "Conv" && !strings.Contains(at, ".") {
			convs++
		}
	}
	of := func(name string) shape {
		width, _ := file.Shape(name)
		return shape{width: slices.Concat(width, []int{0})[0]}
	}
	switch convs {
	case 0:
		s := of("backbone.model1.conv2.conv1.bias")
		_, s.shared = file.Shape("bbox_head.multi_level_share_convs.0.conv1.bias")
		if s.width > 0 {
			return &nn.Load{File: file}, s, nil
		}
	case heads + 8*len(strides), heads + 10*len(strides):
		s := of("Conv.5.1")
		s.shared = convs > heads+8*len(strides)
		return &published{file: file, heads: convs - 8*len(strides)}, s, nil
	}
	return nil, shape{}, errors.New("no weights of YuNet: name its ONNX file, yunet_s or yunet_n")
}

// heads is the number of convolutions before the heads in a file of YuNet-s. YuNet-n has two more for each level.
const heads = 29

// published reads a parameter from an ONNX file by its place: convolutions follow each other as network makes them, until the heads.
type published struct {
	file  nn.Weights
	heads int // the number of the heads' first convolution
	next  int // convolution, or half of a head
}

// Fill implements nn.Source.
func (p *published) Fill(values []float32, name string, shape []int, _ nn.Init) error {
	bias := strings.HasSuffix(name, ".bias")
	suffix := ""
	if bias {
		suffix = ".1"
	}
	at := p.next
	if bias { // which follows its weight
		p.next++
	}
	if at < p.heads {
		return p.read(values, fmt.Sprint("Conv.", at, suffix), shape)
	}
	return p.head(values, at-p.heads, suffix, shape)
}

// branches of a head in the order of the file, by how many channels each has, which is also that of a cell's channels: class, box, object,
// points.
var branches = [...]int{1, 4, 1, 10}

// head joins what the four branches have for half of a level's head.
func (p *published) head(values []float32, half int, suffix string, shape []int) error {
	level, part, channel := half/2, half%2, 0
	for branch, n := range branches {
		name := fmt.Sprint("Conv.", p.heads+2*(branch*len(strides)+level)+part, suffix)
		own, axis := slices.Clone(shape), 0
		if len(shape) == 4 { // depth-wise, whose channels are last
			axis = 3
		}
		own[axis] = n
		some := make([]float32, n*len(values)/perCell)
		if err := p.read(some, name, own); err != nil {
			return err
		}
		for i, v := range some {
			if axis == 3 {
				values[i/n*perCell+channel+i%n] = v
			} else {
				values[channel*len(some)/n+i] = v
			}
		}
		channel += n
	}
	return nil
}

// read fills a parameter from a tensor that has its channels before the taps of the kernel, and colours as blue, green, red.
func (p *published) read(values []float32, name string, shape []int) error {
	var first []int
	switch len(shape) {
	case 1:
		return nn.ReadTensor(p.file, values, name, shape)
	case 4: // depth-wise, [1, 3, 3, channels]
		first = []int{shape[3], 1, shape[1], shape[2]}
	default: // [out, 1, k, k, in]
		first = []int{shape[0], shape[4], shape[2], shape[3]}
	}
	file := make([]float32, len(values))
	if err := nn.ReadTensor(p.file, file, name, first); err != nil {
		return err
	}
	channels, taps := shape[len(shape)-1], first[2]*first[3]
	for i := range values {
		c, tap, out := i%channels, i/channels%taps, i/(channels*taps)
		if name == firstONNX {
			c = channels - 1 - c
		}
		values[i] = file[(out*channels+c)*taps+tap]
	}
	return nil
}
