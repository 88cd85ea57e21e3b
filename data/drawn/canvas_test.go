package drawn

import (
	"math"
	"math/cmplx"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func box(x0, y0, x1, y1 float64) []point {
	return []point{complex(x0, y0), complex(x1, y0), complex(x1, y1), complex(x0, y1)}
}

// covered returns the coverage of a w × h canvas by a polygon, 0 to 1, and its sum.
func covered(w, h int, ring []point) (rows [][]float64, area float64) {
	var c canvas
	c.reset(w, h)
	plane := make([]uint8, w*h)
	c.area(plane, ring, ink{alpha: 1})
	rows = make([][]float64, h)
	for y := range rows {
		rows[y] = make([]float64, w)
		for x := range rows[y] {
			rows[y][x] = float64(plane[y*w+x]) / 255
			area += rows[y][x]
		}
	}
	return rows, area
}

func TestFillCoversFractionsOfPixels(t *testing.T) {
	rows, _ := covered(8, 8, box(1.25, 2.5, 3.5, 4))
	require.InDeltaSlice(t, []float64{0, 0.375, 0.5, 0.25, 0, 0, 0, 0}, rows[2], 0.005)
	require.InDeltaSlice(t, []float64{0, 0.75, 1, 0.5, 0, 0, 0, 0}, rows[3], 0.005)
	_, area := covered(8, 8, box(1.25, 2.5, 3.5, 4))
	require.InDelta(t, 2.25*1.5, area, 0.02)
}

func TestFillMeasuresAreaInBothSenses(t *testing.T) {
	disc := make([]point, 20)
	for i := range disc {
		disc[i] = 20.3 + 19.7i + (7+2i)*cmplx.Rect(1, 2*math.Pi*float64(i)/20)
	}
	want := 10 * math.Sin(2*math.Pi/20) * (7*7 + 2*2) // the 20-gon inscribed in the circle
	_, area := covered(40, 40, disc)
	require.InDelta(t, want, area, 0.2)
	slices.Reverse(disc)
	_, area = covered(40, 40, disc)
	require.InDelta(t, want, area, 0.2)
}

func TestFillLeavesHoles(t *testing.T) {
	outer, hole := box(2, 2, 8, 8), box(4, 4, 6, 6)
	rows, area := covered(10, 10, loop(append(outer, outer[0]), append(hole, hole[0])))
	require.InDelta(t, 36-4, area, 1e-2)
	require.Zero(t, rows[5][5])
}

func TestFillCutsAtTheCanvas(t *testing.T) {
	for _, c := range []struct {
		ring []point
		want float64
	}{
		{box(-5, -7, 3.5, 100), 3.5 * 6}, {box(5.5, 1, 1e6, 3), 2.5 * 2}, {box(-9, -9, -1, -1), 0}, {box(20, 20, 30, 30), 0},
	} {
		_, area := covered(8, 6, c.ring)
		require.InDelta(t, c.want, area, 0.05)
	}
}

func TestFillTakesAnyPolygon(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		coordinate := rapid.Float64Range(-40, 60)
		ring := make([]point, rapid.IntRange(1, 9).Draw(t, "corners"))
		for i := range ring {
			ring[i] = complex(coordinate.Draw(t, "x"), coordinate.Draw(t, "y"))
		}
		w, h := rapid.IntRange(1, 30).Draw(t, "w"), rapid.IntRange(1, 30).Draw(t, "h")
		if _, area := covered(w, h, ring); !(area >= 0 && area <= float64(w*h)) {
			t.Fatalf("area %g of %d × %d", area, w, h)
		}
	})
}

func TestSplinePassesThroughItsPoints(t *testing.T) {
	pts := []point{0, 1 + 2i, 3 + 1i, 4 + 4i}
	line := spline(pts)
	for i, p := range pts {
		require.Equal(t, p, line[i*5])
	}
}
