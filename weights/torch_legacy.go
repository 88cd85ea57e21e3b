package weights

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

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
		spans[key] = span{at, s.numel * dtypes[s.dtype].size}
		at += spans[key].size
	}
	return spans, nil
}
