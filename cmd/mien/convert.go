package main

import (
	"fmt"
	"os"

	"mien/weights"
)

type convertCmd struct {
	In  string `arg:"" help:"Weights: .pth, .pt or safetensors."`
	Out string `arg:"" help:"safetensors file to write."`
}

func (c *convertCmd) Run(out *console) error {
	f, err := weights.Open(c.In)
	if err != nil {
		return err
	}
	defer f.Close()
	if sameFile(c.In, c.Out) {
		return fmt.Errorf("%s: would overwrite the file it is read from; name another output", c.Out)
	}
	var tensors []weights.Tensor
	elements := 0
	for _, name := range f.Names() {
		shape, _ := f.Shape(name)
		n := 1
		for _, d := range shape {
			n *= d
		}
		t := weights.Tensor{Name: name, Shape: shape, Data: make([]float32, n)}
		if err := f.Read(name, t.Data); err != nil {
			return err
		}
		tensors, elements = append(tensors, t), elements+n
	}
	if err := weights.WriteSafetensors(c.Out, tensors, f.Metadata()); err != nil {
		return err
	}
	fmt.Fprintf(out.stdout, "%s: %d tensors, %d values\n", c.Out, len(tensors), elements)
	return nil
}

func sameFile(a, b string) bool {
	ia, errA := os.Stat(a)
	ib, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(ia, ib)
}
