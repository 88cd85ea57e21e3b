package report

import (
	"encoding/binary"
	"io"
	"math"
	"slices"
)

// matroska writes Motion JPEG in Matroska, as a stream without index: each frame has a time of its own, which ffmpeg passes on.
type matroska struct{ w io.Writer }

// Identifiers of elements.
const (
	mkvHeader, mkvDocType, mkvDocVersion       = 0x1A45DFA3, 0x4282, 0x4287
	mkvSegment, mkvInfo, mkvTracks, mkvCluster = 0x18538067, 0x1549A966, 0x1654AE6B, 0x1F43B675
	mkvTimeScale, mkvApp                       = 0x2AD7B1, 0x4D80 // nanoseconds
	mkvTrack, mkvNumber, mkvUID, mkvType       = 0xAE, 0xD7, 0x73C5, 0x83
	mkvCodec, mkvVideo, mkvWidth, mkvHeight    = 0x86, 0xE0, 0xB0, 0xBA
	mkvTime, mkvBlock                          = 0xE7, 0xA3
)

func newMatroska(w io.Writer, width, height int) (*matroska, error) {
	const aVideo, microsecond = 1, 1000
	head := slices.Concat(
		element(mkvHeader, element(mkvDocType, []byte("matroska")), integer(mkvDocVersion, 4)),
		identifier(mkvSegment), []byte{0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}, // up to the end
		element(mkvInfo, integer(mkvTimeScale, microsecond), element(mkvApp, []byte("mien"))),
		element(mkvTracks, element(mkvTrack, integer(mkvNumber, 1), integer(mkvUID, 1), integer(mkvType, aVideo),
			element(mkvCodec, []byte("V_MJPEG")), element(mkvVideo, integer(mkvWidth, uint64(width)), integer(mkvHeight, uint64(height))))))
	_, err := w.Write(head)
	return &matroska{w}, err
}

// frame writes a JPEG that is shown from a time in seconds on.
func (m *matroska) frame(jpeg []byte, time float64) error {
	const trackOne, keyFrame = 0x81, 0x80
	block := append([]byte{trackOne, 0, 0, keyFrame}, jpeg...)
	_, err := m.w.Write(element(mkvCluster, integer(mkvTime, uint64(math.Round(time*1e6))), element(mkvBlock, block)))
	return err
}

// element is a name, a size of eight bytes, and what it contains.
func element(id uint32, parts ...[]byte) []byte {
	content := slices.Concat(parts...)
	size := binary.BigEndian.AppendUint64(nil, 1<<56|uint64(len(content)))
	return slices.Concat(identifier(id), size, content)
}

func integer(id uint32, v uint64) []byte { return element(id, binary.BigEndian.AppendUint64(nil, v)) }

// identifier is without the leading zeros.
func identifier(id uint32) []byte {
	b := binary.BigEndian.AppendUint32(nil, id)
	for b[0] == 0 {
		b = b[1:]
	}
	return b
}
