package weights

import (
	"archive/zip"
	"cmp"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// indexZip reads the format of PyTorch 1.6 and later: a zip of a pickle and, for each storage, a record of raw bytes. Its root
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
			pickled = cmp.Or(pickled, r)
		case "constants.pkl":
			return errors.New("a TorchScript program, not a checkpoint: save model.state_dict() with torch.save")
		}
	}
	if pickled == nil {
		return errors.New("a zip without data.pkl, not a weights file: expected safetensors or a PyTorch checkpoint (.pth, .pt)")
	}
	root := path.Dir(pickled.Name)
	if order := records[path.Join(root, "byteorder")]; order != nil && !littleEndian(order) {
		return errBigEndian
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
	return f.collectTensors(u, top, func(s storage) (int64, error) {
		return zipStorage(records[path.Join(root, "data", s.key)], s, size)
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
func zipStorage(record *zip.File, s storage, size int64) (base int64, err error) {
	if record == nil {
		return 0, fmt.Errorf("damaged: its storage %.60q is missing", s.key)
	}
	if record.Method != zip.Store {
		return 0, fmt.Errorf("its storage %.60q is compressed: save with torch.save, which does not compress", s.key)
	}
	base, err = record.DataOffset()
	if err != nil || base < 0 || base > size {
		return 0, fmt.Errorf("damaged: its storage %.60q lies outside of the file", s.key)
	}
	return base, s.fits(int64(min(record.UncompressedSize64, uint64(size-base))))
}
