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

func littleEndian(record *zip.File) bool {
	r, err := record.Open()
	if err != nil {
		return false
	}
	defer r.Close()
	text, err := io.ReadAll(io.LimitReader(r, 16))
	return err == nil && strings.TrimSpace(string(text)) == "little"
}

// zipSpans finds the storages, which are the records in a folder.
func zipSpans(z *zip.Reader, folder string, size int64) (map[string]span, error) {
	spans := map[string]span{}
	for _, r := range z.File {
		if path.Dir(r.Name) != folder {
			continue
		}
		base, err := r.DataOffset()
		switch {
		case r.Method != zip.Store:
			return nil, fmt.Errorf("storage %.60q is compressed: save with torch.save, which does not compress", path.Base(r.Name))
		case err != nil || base < 0 || base > size:
			return nil, fmt.Errorf("damaged: storage %.60q lies outside of the file", path.Base(r.Name))
		}
		spans[path.Base(r.Name)] = span{base, int64(min(r.UncompressedSize64, uint64(size-base)))}
	}
	return spans, nil
}
