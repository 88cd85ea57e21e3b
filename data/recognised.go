package data

import (
	"bytes"
	"errors"
	"image"
)

// Recognised tells whether a file that begins so, with 512 bytes unless it is shorter, holds a picture or a video.
func Recognised(head []byte) bool {
	if kindOfHead(head, "") != (kind{}) {
		return true
	}
	_, _, err := image.DecodeConfig(bytes.NewReader(head))
	return !errors.Is(err, image.ErrFormat)
}
