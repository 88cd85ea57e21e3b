package data

import (
	"math/cmplx"
	"testing"

	"github.com/stretchr/testify/require"
)

// Within is the inverse of At, also where a placement is slanted.
func TestPlacementWithin(t *testing.T) {
	p := Placement{Middle: 50 + 30i, Right: 20 + 3i, Down: -5 + 17i}
	for _, at := range []complex128{0, 1, 0.5 + 0.5i, 0.2 + 0.9i} {
		require.InDelta(t, 0, cmplx.Abs(p.Within(p.At(real(at), imag(at)))-at), 1e-9)
	}
}
