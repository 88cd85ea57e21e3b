//go:build !purego

package asm

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// at evaluates the polynomials as the assembly does, but in float64.
func (t *pieces) at(x float64) float64 {
	s := min(x*float64(t.Scale), 15)
	j := math.RoundToEven(s)
	y := 0.0
	for i := len(t.Coeff) - 1; i >= 0; i-- {
		y = y*(s-j) + float64(t.Coeff[i][int(j)])
	}
	return y
}

func TestPiecesFollowTheirFunction(t *testing.T) {
	for name, c := range map[string]struct {
		table *pieces
		want  func(x float64) float64
	}{
		"normal tail": {normalTail, func(x float64) float64 { return normalCDF(-x) }},
		"slope tail":  {geluSlopeTail, func(x float64) float64 { return normalCDF(-x) - x*normalPDF(x) }},
	} {
		worst := 0.0
		for x := 0.0; x < 20; x += 1e-3 {
			worst = max(worst, math.Abs(c.table.at(x)-c.want(x)))
		}
		t.Logf("%s: off by at most %.2g", name, worst)
		require.Less(t, worst, 1.5e-8, name) // half a last place of 1/4, to which the largest coefficients are rounded
	}
}
