//go:build vulkan

package vulkan_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/engine"
	"mien/engine/vulkan"
)

// TestPatchifyView cuts images of 27 bytes, so that each but the first begins within a word.
func TestPatchifyView(t *testing.T) {
	b, err := vulkan.New(vulkan.Config{})
	require.NoError(t, err)
	defer b.Close()
	bytes := make([]uint8, 5*27)
	for i := range bytes {
		bytes[i] = uint8(37 * i)
	}
	unit := [3]float32{1. / 255, 1. / 255, 1. / 255}
	pixels, dst := engine.FromSlice(b, engine.Uint8, bytes, 5, 1, 3, 3, 3), engine.New(b, engine.Float32, 1, 27)
	for image := range 5 {
		b.Patchify(engine.PatchifyArgs{Dst: dst, Pixels: pixels.Range(image, image+1), Tubelet: 1, Patch: 3, Std: unit})
		got, err := engine.Read[float32](dst)
		require.NoError(t, err)
		for i, v := range got {
			require.InDelta(t, bytes[27*image+i%9*3+i/9], v, 1e-3, "element %d of image %d", i, image)
		}
	}
}
