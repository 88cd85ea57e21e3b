package weights

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// indexZip reads the form of PyTorch 1.6 and later: a zip of a pickle and, for each storage, a record of raw bytes. Its root
// folder may have any name.
func (f *File) indexZip(size int64) error {
	z, err := zip.NewReader(f.file, size)
	if err != nil {
		return errors.New("damaged or cut off: its zip directory, which stands at the end, can't be read; fetch the file again")
	}
	records := map[string]*zip.File{}
	var pickled *zip.File
	for _, r := range z.File {
		if records[r.Name] != nil {
			return fmt.Errorf("damaged: the zip holds %.200q twice", r.Name)
		}
		records[r.Name] = r
		switch path.Base(r.Name) {
		case "data.pkl":
			if pickled == nil {
				pickled = r
			}
		case "constants.pkl":
			return errors.New("a TorchScript program, not a checkpoint: save model.state_dict() with torch.save")
		}
	}
	if pickled == nil {
		return errors.New("a zip without data.pkl, not a weights file: expected safetensors or a PyTorch checkpoint (.pth, .pt)")
	}
	root := path.Dir(pickled.Name)
	if order := records[path.Join(root, "byteorder")]; order != nil && !littleEndian(order) {
		return errors.New("written in big-endian byte order: load and save it on a little-endian machine")
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
	return f.collectTensors(u, top, func(id storageID) (storage, error) {
		return zipStorage(records[path.Join(root, "data", id.key)], id, size)
	})
}

func littleEndian(record *zip.File) bool {
	r, err := record.Open()
	if err != nil {
		return false
	}
	defer r.Close()
	text, err := io.ReadAll(io.LimitReader(r, 16))
	return err == nil && strings.TrimSpace(string(text)) == "little"
}

// zipStorage finds a storage's bytes, and checks that there are as many as the pickle claims.
func zipStorage(record *zip.File, id storageID, size int64) (storage, error) {
	if record == nil {
		return storage{}, fmt.Errorf("damaged: its storage %.60q is missing", id.key)
	}
	if record.Method != zip.Store {
		return storage{}, fmt.Errorf("its storage %.60q is compressed: save with torch.save, which does not compress", id.key)
	}
	at, err := record.DataOffset()
	if err != nil || at < 0 || at > size {
		return storage{}, fmt.Errorf("damaged: its storage %.60q lies outside of the file", id.key)
	}
	have := size - at
	if record.UncompressedSize64 < uint64(have) {
		have = int64(record.UncompressedSize64)
	}
	if id.numel > have/sizes[id.dtype] {
		return storage{}, fmt.Errorf("damaged: its storage %.60q claims %d elements of %s, but has %d bytes", id.key, id.numel, id.dtype, have)
	}
	return storage{id.dtype, at, id.numel}, nil
}
