package data

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A model reads the same values from floats as from bytes.
func TestPlanar(t *testing.T) {
	f := noise(2, 3, 4)
	x := f.View().Planar()
	for frame := range 2 {
		for y := range 3 {
			for column := range 4 {
				for c := range 3 {
					want := float32(f.Pix[((frame*3+y)*4+column)*3+c]) / 255
					require.Equal(t, want, x[((c*2+frame)*3+y)*4+column])
				}
			}
		}
	}
}

func TestViewsCanBeShown(t *testing.T) {
	f := NewFrames(2, 8, 16) // every byte, in three different orders
	for i := range 256 {
		f.Pix[3*i], f.Pix[3*i+1], f.Pix[3*i+2] = uint8(i), uint8(255-i), uint8(7*i)
	}
	require.Equal(t, f, View{T: 2, H: 8, W: 16, Bytes: f.Pix}.Frames())
	require.Equal(t, f, View{T: 2, H: 8, W: 16, Floats: f.View().Planar()}.Frames())
	require.Equal(t, []uint8{255, 0, 10}, View{T: 1, H: 1, W: 1, Floats: []float32{100, -100, 9.6 / 255}}.Frames().Pix)
	require.Equal(t, []uint8{9, 10, 9}, View{T: 1, H: 1, W: 1, Floats: []float32{9.45 / 255, 9.55 / 255, 9.05 / 255}}.Frames().Pix)
}

// A clone has pixels of its own.
func TestClone(t *testing.T) {
	f := noise(2, 3, 4)
	clone := f.Clone()
	require.Equal(t, f, clone)
	clone.Pix[0]++
	require.NotEqual(t, f, clone)
}
