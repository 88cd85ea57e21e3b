package main

import (
	"crypto/sha256"
	"encoding/hex"

	"mien/face"
)

// embeddedModel is a model that is part of this binary.
type embeddedModel struct {
	name, what string
	license    string // by its SPDX identifier
	weights    []byte
	texts      []licenseText
}

// embeddedModels lists them.
func embeddedModels() []embeddedModel {
	return []embeddedModel{
		{"YuNet-s", "weights that find faces", "MIT", face.Embedded(), []licenseText{{"NOTICE.md", face.Notice}, {"LICENSE", face.License}}},
	}
}

// digest returns the SHA-256 of the weights, as sha256sum prints that of a file.
func (m embeddedModel) digest() string {
	sum := sha256.Sum256(m.weights)
	return hex.EncodeToString(sum[:])
}
