package weights

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// OpenVINO's intermediate representation (IR): an .xml file with the layers of a network, whose constants are in the .bin file of the same
// name beside it.

// ir is what is read of the .xml.
type ir struct {
	Layers []irLayer `xml:"layers>layer"`
	Edges  []struct {
		From int `xml:"from-layer,attr"`
		To   int `xml:"to-layer,attr"`
	} `xml:"edges>edge"`
}

type irLayer struct {
	ID   int    `xml:"id,attr"`
	Type string `xml:"type,attr"`
	Data struct {
		Element string `xml:"element_type,attr"`
		Shape   string `xml:"shape,attr"`
		Offset  int64  `xml:"offset,attr"`
		Size    int64  `xml:"size,attr"`
	} `xml:"data"`
}

// irTypes are the types of numbers that weights have; others, such as the shapes of reshapes, are no weights.
var irTypes = map[string]DType{"f64": "F64", "f32": F32, "f16": "F16", "bf16": BF16}

// layerType is what types of layers are called; they become names of tensors.
var layerType = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)

// indexOpenVINO reads the .xml, which is open, and goes on with the .bin, whose size it returns. Constants have no names of their own
// that mean anything: each is called after the layer that reads it and a number that counts those of its type which read one, in the
// order of the file, as in Convolution.0; a second one of a layer has .1 after that.
func (f *File) indexOpenVINO(size int64) (int64, error) {
	if size > maxHeader {
		return 0, fmt.Errorf("the description of a network takes %d bytes: damaged", size)
	}
	net, err := readIR(io.NewSectionReader(f.file, 0, size))
	if err != nil {
		return 0, err
	}
	if size, err = f.openBin(); err != nil {
		return 0, err
	}
	return size, f.placeConstants(net, size)
}

// readIR reads the .xml.
func readIR(r io.Reader) (net ir, err error) {
	if err := xml.NewDecoder(r).Decode(&net); err != nil {
		return net, fmt.Errorf("damaged XML: %w", err)
	}
	if len(net.Layers) == 0 {
		return net, errors.New("XML without layers: not a network of OpenVINO")
	}
	return net, nil
}

// openBin opens the file of the constants in place of the .xml.
func (f *File) openBin() (size int64, err error) {
	path := strings.TrimSuffix(f.Path, filepath.Ext(f.Path)) + ".bin"
	bin, err := os.Open(path)
	if err != nil {
		return 0, fmt.Errorf("its constants are in %s, which can't be read: %w: put it beside", filepath.Base(path), cause(err))
	}
	f.file.Close()
	f.file = bin
	info, err := bin.Stat()
	if err != nil {
		return 0, cause(err)
	}
	return info.Size(), nil
}

// placeConstants makes an entry for each constant of numbers.
func (f *File) placeConstants(net ir, size int64) error {
	readers, layers := map[int]int{}, map[int]irLayer{}
	for _, l := range net.Layers {
		layers[l.ID] = l
	}
	for _, e := range net.Edges {
		readers[e.From] = e.To
	}
	counts, named := map[string]int{}, map[int]string{}
	for _, l := range net.Layers { // constants precede those that read them, in the order in which these follow each other
		dtype, isNumber := irTypes[l.Data.Element]
		if l.Type != "Const" || !isNumber {
			continue
		}
		to, read := readers[l.ID]
		if read && layers[to].Type == "Convert" { // from f16, as later versions write what is stored with fewer bits
			to, read = readers[to]
		}
		reader, ok := layers[to]
		if !read || !ok {
			return fmt.Errorf("constant %d is read by no layer: damaged", l.ID)
		}
		if !layerType.MatchString(reader.Type) {
			return fmt.Errorf("layer %d is of type %.60q: damaged", reader.ID, reader.Type)
		}
		name := named[reader.ID]
		if name == "" {
			name = fmt.Sprintf("%s.%d", reader.Type, counts[reader.Type])
			counts[reader.Type]++
			named[reader.ID] = name
		} else {
			name += ".1"
		}
		e, err := l.entry(dtype, size)
		if err != nil {
			return fmt.Errorf("constant %d (%s): %w", l.ID, name, err)
		}
		if _, twice := f.tensors[name]; twice {
			return fmt.Errorf("layer %d reads more than two constants", reader.ID)
		}
		f.tensors[name] = e
	}
	return nil
}

// entry checks where a constant is in a .bin of the given size.
func (l irLayer) entry(dtype DType, size int64) (entry, error) {
	e := entry{dtype: dtype, base: l.Data.Offset}
	for _, text := range strings.Split(l.Data.Shape, ",") {
		if l.Data.Shape == "" {
			break // a scalar
		}
		d, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || d < 0 {
			return e, fmt.Errorf("shape %.60q: damaged", l.Data.Shape)
		}
		e.shape = append(e.shape, d)
	}
	n, ok := elements(e.shape, size)
	if !ok || n*sizes[dtype] != l.Data.Size || l.Data.Offset < 0 || l.Data.Offset > size-l.Data.Size {
		return e, fmt.Errorf("%d bytes from %d for %v of %s, in a .bin of %d: damaged or cut off", l.Data.Size, l.Data.Offset, e.shape, dtype, size)
	}
	return e, nil
}
