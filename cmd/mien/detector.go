package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"

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
	return digestOf(f.Detector)
}

// digestOf is the SHA-256 of a file.
func digestOf(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	h := sha256.New()
	_, err = io.Copy(h, file)
	return fmt.Sprintf("%x", h.Sum(nil)), err
}
