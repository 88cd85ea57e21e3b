package main

import (
	"fmt"

	"mien/data"
	"mien/engine"
	"mien/face"
	"mien/weights"
)

// detectorFlags choose the network that finds faces.
type detectorFlags struct {
	Detector string `help:"Network that finds faces instead of the one within: YuNet-s or YuNet-n as an ONNX file." placeholder:"FILE"`
}

func (f detectorFlags) open(b engine.Backend) (*face.Detector, error) {
	if f.Detector == "" {
		return face.New(b)
	}
	file, err := weights.Open(f.Detector)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	d, err := face.Open(file, b)
	if err != nil {
		return nil, fmt.Errorf("--detector %s: %w", f.Detector, err)
	}
	return d, nil
}

// digest is the SHA-256 of the weights.
func (f detectorFlags) digest() (string, error) {
	if f.Detector == "" {
		return face.Digest(), nil
	}
	return data.SHA256(f.Detector)
}
