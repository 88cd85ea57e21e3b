package weights

import (
	"archive/zip"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// The two forms of PyTorch's files: what surrounds the pickle and where the storages are. torch.go has the tensors.

// indexZip reads the format of PyTorch 1.6 and later: a zip of a pickle and, for each storage, a record of raw bytes. Its root
// folder may have any name.
func (f *File) indexZip(size int64) error {
	z, err := zip.NewReader(f.file, size)
	if err != nil {
		return errors.New("damaged or cut off: its zip directory, which stands at the end, can't be read; fetch the file again")
	}
	seen := map[string]bool{}
	var pickled *zip.File
	for _, r := range z.File {
		if seen[r.Name] {
			return fmt.Errorf("damaged: the zip holds %.200q twice", r.Name)
		}
		seen[r.Name] = true
		switch path.Base(r.Name) {
		case "data.pkl":
			pickled = cmp.Or(pickled, r)
		case "constants.pkl":
			return errors.New("a TorchScript program, not a checkpoint: save model.state_dict() with torch.save")
		}
	}
	if pickled == nil {
		return errors.New("a zip without data.pkl, not a weights file: expected safetensors or a PyTorch checkpoint (.pth, .pt)")
	}
	root := path.Dir(pickled.Name)
	if order, err := z.Open(path.Join(root, "byteorder")); err == nil {
		defer order.Close()
		if text, _ := io.ReadAll(io.LimitReader(order, 16)); strings.TrimSpace(string(text)) != "little" {
			return errBigEndian
		}
	}
	spans, err := zipSpans(z, path.Join(root, "data"), size)
	if err != nil {
		return err
	}
	r, err := pickled.Open()
	if err != nil {
		return fmt.Errorf("data.pkl: %w: save with torch.save", err)
	}
	defer r.Close()
	u := newUnpickler(r)
	top, err := u.next()
	if err != nil {
		return err
	}
	return f.collectTensors(u, top, spans)
}

// zipSpans finds the storages, which are the records in a folder.
func zipSpans(z *zip.Reader, folder string, size int64) (map[string]span, error) {
	spans := map[string]span{}
	for _, r := range z.File {
		dir, key := path.Split(r.Name)
		if dir != folder+"/" || key == "" {
			continue
		}
		base, err := r.DataOffset()
		switch {
		case r.Method != zip.Store:
			return nil, fmt.Errorf("storage %.60q is compressed: save with torch.save, which does not compress", key)
		case err != nil || base > size:
			return nil, fmt.Errorf("damaged: storage %.60q lies outside of the file", key)
		}
		spans[key] = span{base, int64(min(r.UncompressedSize64, uint64(size-base)))}
	}
	return spans, nil
}

// legacyMagic begins files in the format before PyTorch 1.6: 0x1950a86a20f9469cfc6c.
const legacyMagic = long("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19")

// legacyProtocol is the only version of that format.
const legacyProtocol = 1001

// indexLegacy reads a sequence of pickles (magic number, protocol, system, object, keys of the storages), followed by the
// storages, each preceded by its length.
func (f *File) indexLegacy(size int64) (err error) {
	file := io.NewSectionReader(f.file, 0, size)
	u := newUnpickler(file)
	var parts [5]any
	for i := range parts {
		if parts[i], err = u.next(); err != nil {
			return err
		}
		if parts[0] != any(legacyMagic) {
			return notACheckpoint(u, parts[0])
		}
	}
	if parts[1] != any(int64(legacyProtocol)) {
		return errors.New("a PyTorch file of an unknown version: save it again with a newer PyTorch")
	}
	if little, ok := asDict(parts[2])["little_endian"]; ok && little != any(true) {
		return errBigEndian
	}
	read, _ := file.Seek(0, io.SeekCurrent)
	spans, err := f.legacySpans(u.ids, items(parts[4]), read-int64(u.r.Buffered()), size)
	if err != nil {
		return err
	}
	return f.collectTensors(u, parts[3], spans)
}

// legacySpans walks the storages, which begin at a byte of the file. The references in the pickle give their types.
func (f *File) legacySpans(ids []persistent, keys []any, at, size int64) (map[string]span, error) {
	claims := map[string]storage{}
	for _, p := range ids {
		s, err := parseStorage(p)
		if err != nil {
			return nil, err
		}
		claims[s.key] = s
	}
	spans := map[string]span{}
	for _, k := range keys {
		key, _ := k.(string)
		s, ok := claims[key]
		if !ok {
			return nil, fmt.Errorf("damaged: no tensor refers to storage %.60q", key)
		}
		var length [8]byte
		if _, err := f.file.ReadAt(length[:], at); err != nil {
			return nil, fmt.Errorf("cut off: storage %.60q is missing; fetch the file again", key)
		}
		at += int64(len(length))
		if n := binary.LittleEndian.Uint64(length[:]); n != uint64(s.numel) {
			return nil, fmt.Errorf("damaged: storage %.60q has %d elements, tensors expect %d", key, n, s.numel)
		}
		if err := (span{at, size - at}).check(s); err != nil {
			return nil, err
		}
		spans[key] = span{at, s.numel * sizes[s.dtype]}
		at += spans[key].size
	}
	return spans, nil
}
