// Package weights reads and writes files of named tensors: safetensors in and out, PyTorch's .pth, OpenVINO's .xml and ONNX in. A file is
// data, never code: the unpickler runs nothing, and no size in a file is trusted before it is checked against the length of the file.
package weights

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
)

// DType is the type of a tensor's elements in a file, by its name in safetensors.
type DType string

// Types that are also written. All that are read have a size in the table sizes.
const (
	F32  DType = "F32"
	BF16 DType = "BF16"
	I8   DType = "I8"
)

// File is an open weights file. Tensors are read when asked for. It is safe for concurrent use.
type File struct {
	Path     string
	file     source
	tensors  map[string]entry
	metadata map[string]string
}

// source is an open file.
type source interface {
	io.ReaderAt
	io.Closer
}

// entry is the location and layout of a tensor in the file. Strides count elements; a nil stride is row-major.
type entry struct {
	dtype  DType
	shape  []int
	base   int64 // first byte in the file
	stride []int
	scales []float32 // one per row if the tensor is quantized
}

// Open opens a weights file. The format is detected from the content: safetensors, PyTorch's zip, PyTorch's legacy
// format, OpenVINO's .xml, with its .bin beside it, or ONNX.
func Open(path string) (*File, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() { // a pipe would block
		return nil, fmt.Errorf("%s: not a weights file but a folder or device: name a file (safetensors, or PyTorch .pth)", path)
	}
	var file *os.File
	if err == nil {
		file, err = os.Open(path)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: no such weights file", path)
	case err != nil:
		return nil, fmt.Errorf("%s: can't be read: %w", path, cause(err))
	}
	return newFile(path, file, info.Size())
}

// OpenBytes opens a weights file that is in memory, under a name for messages. OpenVINO's would need its .bin.
func OpenBytes(name string, content []byte) (*File, error) {
	return newFile(name, memory{bytes.NewReader(content)}, int64(len(content)))
}

// memory is a source that needs no closing.
type memory struct{ io.ReaderAt }

func (memory) Close() error { return nil }

// newFile reads the table of tensors of a file of the given size. It closes the file on errors.
func newFile(path string, file source, size int64) (*File, error) {
	f := &File{Path: path, file: file, tensors: map[string]entry{}, metadata: map[string]string{}}
	size, err := f.index(size)
	if err == nil {
		err = f.checkTotal(size)
	}
	if err != nil {
		f.file.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

// cause drops the path that errors of package os repeat. No read should reach the end of a file, so EOF is unexpected.
func cause(err error) error {
	switch err.(type) {
	case *fs.PathError, *os.LinkError:
		return errors.Unwrap(err)
	}
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// index detects the format and reads the table of tensors of a file of size bytes. It returns how many bytes hold their values at most.
func (f *File) index(size int64) (int64, error) {
	head := make([]byte, 16)
	n, err := f.file.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return 0, cause(err)
	}
	switch head = head[:n]; {
	case len(head) > 8 && head[8] == '{': // first, as a length may look like the beginning of a pickle
		return size, f.indexSafetensors(binary.LittleEndian.Uint64(head), size)
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return size, f.indexZip(size)
	case len(head) > 1 && head[0] == 0x80 && head[1] >= 2 && head[1] <= 5:
		return size, f.indexLegacy(size)
	case bytes.HasPrefix(head, []byte("<?xml")), bytes.HasPrefix(head, []byte("<net")):
		return f.indexOpenVINO(size)
	case isONNX(head):
		return size, f.indexONNX(size)
	}
	return 0, errors.New("not a weights file (safetensors, PyTorch .pth, OpenVINO .xml, or ONNX): name another")
}

// maxGaps bounds what is read for the sake of views with gaps, in multiples of the file's size.
const maxGaps = 16

// checkTotal refuses tensors that hold more values than the file has bytes. Some may share a storage, as tied weights do, and some
// may be views with gaps, but a small file must not take an unbounded amount of memory or time.
func (f *File) checkTotal(size int64) error {
	left, reach := size, maxGaps*size
	for _, e := range f.tensors {
		n, ok := elements(e.shape, left)
		left -= n
		if n > 0 {
			reach -= e.reach()
		}
		if !ok || reach < 0 {
			return fmt.Errorf("%d tensors hold more values than the file has bytes, %d: too many share a storage", len(f.tensors), size)
		}
	}
	return nil
}

// Names returns the names of all tensors, sorted.
func (f *File) Names() []string { return slices.Sorted(maps.Keys(f.tensors)) }

// Shape returns a tensor's extents; ok is false if the file has no such tensor.
func (f *File) Shape(name string) (shape []int, ok bool) {
	e, ok := f.tensors[name]
	return slices.Clone(e.shape), ok
}

// Metadata returns the metadata of a safetensors file, or the numbers stored beside the weights of a PyTorch checkpoint, such
// as the epoch.
func (f *File) Metadata() map[string]string { return maps.Clone(f.metadata) }

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }

// elements multiplies extents. ok is false if one is negative or the product is more than limit; an extent of 0 makes the
// product 0, whatever the others are.
func elements(shape []int, limit int64) (n int64, ok bool) {
	if len(shape) > 0 && slices.Min(shape) <= 0 {
		return 0, slices.Min(shape) == 0
	}
	n = 1
	for _, d := range shape {
		if n > limit/int64(d) {
			return 0, false
		}
		n *= int64(d)
	}
	return n, n <= limit
}
