package main

import (
	"cmp"
	"fmt"
	"os"

	"mien/engine"
	"mien/modelfile"
	"mien/weights"
)

type convertCmd struct {
	Precision engine.Precision `help:"Number format in which a fine-tuned model's linear layers are stored: f32, bf16 or int8." default:"f32"`
	Landmarks string           `help:"Weights of the landmark network that a published S2D model reads, to be written beside the model's: MobileFaceNet's .pth.tar or OpenVINO .xml, or a model that has it." placeholder:"FILE|RUN"`
	Force     bool             `help:"Replace an existing file."`
	In        string           `arg:"" help:"Weights: .pth, .pt or safetensors."`
	Out       string           `arg:"" help:"safetensors file to write."`
}

func (c *convertCmd) Run(out *console) error {
	f, err := modelfile.Open(c.In)
	if err != nil {
		return err
	}
	defer f.Close()
	in, _ := os.Stat(f.Path)
	existing, err := os.Stat(c.Out)
	switch {
	case os.SameFile(in, existing):
		return fmt.Errorf("%s: would overwrite the file it is read from; name another output", c.Out)
	case err == nil && existing.Mode().IsRegular() && !c.Force: // anything else is not replaced at all
		return fmt.Errorf("%s: exists already: give --force to replace it, or name another output", c.Out)
	}
	if c.Landmarks != "" {
		return c.join(f, out)
	}
	dtypes, err := modelfile.StoredTypes(f, c.Precision)
	if err != nil {
		return fmt.Errorf("--precision %s: %w", c.Precision, err)
	}
	var tensors []weights.Tensor
	elements := 0
	for _, name := range f.Names() {
		shape, _ := f.Shape(name)
		elements += engine.Elements(shape)
		tensors = append(tensors, weights.Tensor{Name: name, Shape: shape, DType: dtypes[name],
			Fill: func(dst []float32) error { return cmp.Or(out.ctx.Err(), f.Read(name, dst)) }})
	}
	metadata := f.Metadata()
	delete(metadata, weights.PrecisionKey)
	if c.Precision != engine.Full {
		metadata[weights.PrecisionKey] = c.Precision.String()
	}
	if err := weights.WriteSafetensors(c.Out, tensors, metadata); err != nil {
		return err
	}
	fmt.Fprintf(out.stdout, "%s: %d tensors, %d values\n", c.Out, len(tensors), elements)
	return nil
}

// join writes a model beside the landmark network that it reads.
func (c *convertCmd) join(f *weights.File, out *console) error {
	if c.Precision != engine.Full {
		return usagef("--landmarks stores what it joins as float32: convert the result once more, with --precision %s", c.Precision)
	}
	landmarks, err := modelfile.Open(c.Landmarks)
	if err != nil {
		return err
	}
	defer landmarks.Close()
	tensors, values, err := modelfile.Join(c.Out, f, landmarks, out.backend)
	if err != nil {
		return err
	}
	fmt.Fprintf(out.stdout, "%s: %d tensors, %d values\n", c.Out, tensors, values)
	return nil
}
