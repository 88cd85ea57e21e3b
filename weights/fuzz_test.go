package weights

import "testing"

func FuzzOpen(f *testing.F) {
	for _, name := range []string{"zip.pth", "legacy.pth", "plain.pth", "protocol4.pth", "no_tensors.pth"} {
		f.Add(fixture(f, name))
	}
	f.Add(safetensors(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4))
	f.Add(pickled(tensorPickle(4, 0, []int64{2, 2}, []int64{2, 1}), make([]byte, 16)))
	f.Fuzz(func(t *testing.T, content []byte) {
		file, err := Open(write(t, "fuzz", content))
		if err != nil {
			return
		}
		defer file.Close()
		readAll(file)
	})
}

func FuzzPickle(f *testing.F) {
	f.Add(tensorPickle(4, 0, []int64{2, 2}, []int64{2, 1}))
	f.Add([]byte("\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R."))
	f.Add([]byte("\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00}\x94(\x8c\x01aK\x01u."))
	f.Fuzz(func(t *testing.T, pickle []byte) {
		file, err := Open(write(t, "fuzz", pickled(pickle, make([]byte, 16))))
		if err == nil {
			readAll(file)
			file.Close()
		}
	})
}
