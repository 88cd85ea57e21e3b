package main

import (
	"crypto/sha256"
	"encoding/hex"

	"mien/face"
	"mien/face/eyes"
	"mien/modelfile"
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
		{"eyes", "weights that find the middles of eyes", "Apache-2.0", eyes.Embedded(), []licenseText{{"CARD.md", eyes.Card}, ownLicense()}},
		{"builtin", "a model to try mien with", "Apache-2.0", modelfile.BuiltinFile(), []licenseText{{"CARD.md", modelfile.Card}, ownLicense()}},
	}
}

// digest returns the SHA-256 of the weights, as sha256sum prints that of a file.
func (m embeddedModel) digest() string {
	sum := sha256.Sum256(m.weights)
	return hex.EncodeToString(sum[:])
}

// ownLicense is mien's, under which is what was made here.
func ownLicense() licenseText {
	text, err := licenseFiles.ReadFile("licenses/mien/LICENSE")
	if err != nil {
		panic(err) // it is in the binary, or the build is at fault
	}
	return licenseText{"LICENSE", string(text)}
}
