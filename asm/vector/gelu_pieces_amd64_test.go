//go:build !purego

package vector

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// at evaluates the polynomials as the assembly does, but in float64.
func (t pieces) at(x float64, count int) float64 {
	s := min(x*float64(t[len(t)-1]), float64(count-1))
	j := math.RoundToEven(s)
	y := 0.0
	for row := len(t)/count - 1; row >= 0; row-- {
		y = y*(s-j) + float64(t[row*count+int(j)])
	}
	return y
}

func TestPiecesFollowTheirFunction(t *testing.T) {
	for name, c := range map[string]struct {
		table pieces
		count int
		want  func(x float64) float64
	}{
		"normal tail, AVX-512": {normalPiecesAVX512, 16, normalTail}, "slope tail, AVX-512": {slopePiecesAVX512, 16, slopeTail},
		"normal tail, AVX2": {normalPiecesAVX2, 8, normalTail}, "slope tail, AVX2": {slopePiecesAVX2, 8, slopeTail},
	} {
		worst := 0.0
		for x := 0.0; x < 20; x += 1e-3 {
			worst = max(worst, math.Abs(c.table.at(x, c.count)-c.want(x)))
		}
		t.Logf("%s: off by at most %.2g", name, worst)
		require.Less(t, worst, 1e-7, name)
	}
}
