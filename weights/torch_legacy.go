package weights

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// legacyMagic begins the form before PyTorch 1.6: 0x1950a86a20f9469cfc6c.
const legacyMagic = long("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19")

// legacyProtocol is the only version there was.
const legacyProtocol = 1001

// indexLegacy reads a row of pickles (magic number, protocol, system, object, keys of the storages), and the storages after
// them, each behind its length.
func (f *File) indexLegacy(size int64) error {
	file := &counter{r: io.NewSectionReader(f.file, 0, size)}
	u := newUnpickler(file)
	magic, err := u.next()
	if err != nil {
		return err
	}
	if magic != any(legacyMagic) {
		return notACheckpoint(u, magic)
	}
	var parts [4]any // protocol, system, object, keys
	for i := range parts {
		if parts[i], err = u.next(); err != nil {
			return err
		}
	}
	if parts[0] != any(int64(legacyProtocol)) {
		return errors.New("a PyTorch file of an unknown version: save it again with a newer PyTorch")
	}
	if system := asDict(parts[1]); system != nil {
		if little, ok := system.get("little_endian"); ok && little != any(true) {
			return errors.New("written in big-endian byte order: load and save it on a little-endian machine")
		}
	}
	keys, ok := parts[3].(*list)
	if !ok {
		return errors.New("damaged: the list of storages is missing")
	}
	storages, err := f.placeStorages(u.ids, keys.items, file.n-int64(u.r.Buffered()), size)
	if err != nil {
		return err
	}
	return f.collectTensors(u, parts[2], func(id storageID) (storage, error) {
		s, ok := storages[id.key]
		if !ok || s.dtype != id.dtype || s.numel != id.numel {
			return s, fmt.Errorf("damaged: its storage %.60q is missing", id.key)
		}
		return s, nil
	})
}

// placeStorages walks the storages, which begin at a byte of the file. The references in the pickle tell their types.
func (f *File) placeStorages(ids []persistent, keys []any, at, size int64) (map[string]storage, error) {
	claims := map[string]storageID{}
	for _, p := range ids {
		id, err := parseStorageID(p)
		if err != nil {
			return nil, err
		}
		claims[id.key] = id
	}
	placed := map[string]storage{}
	for _, k := range keys {
		key, _ := k.(string)
		id, ok := claims[key]
		if !ok {
			return nil, fmt.Errorf("damaged: no tensor refers to storage %.60q", key)
		}
		var length [8]byte
		if _, err := f.file.ReadAt(length[:], at); err != nil {
			return nil, fmt.Errorf("cut off: storage %.60q is missing; fetch the file again", key)
		}
		at += 8
		if n := binary.LittleEndian.Uint64(length[:]); n != uint64(id.numel) {
			return nil, fmt.Errorf("damaged: storage %.60q has %d elements, tensors expect %d", key, n, id.numel)
		}
		width := sizes[id.dtype]
		if id.numel > (size-at)/width {
			return nil, fmt.Errorf("cut off: storage %.60q needs %d elements of %s, the file ends after %d; fetch it again",
				key, id.numel, id.dtype, (size-at)/width)
		}
		placed[key] = storage{id.dtype, at, id.numel}
		at += id.numel * width
	}
	return placed, nil
}

// counter counts the bytes read.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
