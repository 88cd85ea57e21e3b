package drawn

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func box(x0, y0, x1, y1 float64) []point { return []point{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}} }

func area(m *mask) float64 {
	sum := 0.0
	for y := m.y0; y < m.y1; y++ {
		for _, a := range m.row(y) {
			sum += float64(a)
		}
	}
	return sum
}

func TestFillCoversFractionsOfPixels(t *testing.T) {
	var m mask
	m.fill([][]point{box(1.25, 2.5, 3.5, 4)}, 8, 8)
	require.Equal(t, []int{1, 2, 4, 4}, []int{m.x0, m.y0, m.x1, m.y1})
	require.InDeltaSlice(t, []float32{0.375, 0.5, 0.25}, m.row(2), 1e-6)
	require.InDeltaSlice(t, []float32{0.75, 1, 0.5}, m.row(3), 1e-6)
}

func TestFillMeasuresAreaInBothSenses(t *testing.T) {
	var m mask
	disc := ellipse(point{20.3, 19.7}, 11, 7, 0.4)
	want := 10 * math.Sin(2*math.Pi/20) * 11 * 7 // the 20-gon inscribed in the ellipse
	m.fill([][]point{disc}, 40, 40)
	require.InDelta(t, want, area(&m), 1e-3)
	for i, j := 0, len(disc)-1; i < j; i, j = i+1, j-1 {
		disc[i], disc[j] = disc[j], disc[i]
	}
	m.fill([][]point{disc}, 40, 40)
	require.InDelta(t, want, area(&m), 1e-3)
}

func TestFillLeavesHoles(t *testing.T) {
	var m mask
	hole := []point{{4, 4}, {4, 6}, {6, 6}, {6, 4}}
	m.fill([][]point{box(2, 2, 8, 8), hole}, 10, 10)
	require.InDelta(t, 36-4, area(&m), 1e-5)
	require.InDelta(t, 0, m.row(5)[5-m.x0], 1e-6)
}

func TestFillCutsAtTheCanvas(t *testing.T) {
	var m mask
	m.fill([][]point{box(-5, -7, 3.5, 100)}, 8, 6)
	require.InDelta(t, 3.5*6, area(&m), 1e-4)
	m.fill([][]point{box(5.5, 1, 1e6, 3)}, 8, 6)
	require.InDelta(t, 2.5*2, area(&m), 1e-4)
	m.fill([][]point{box(-9, -9, -1, -1)}, 8, 6)
	require.Zero(t, area(&m))
	m.fill([][]point{box(20, 20, 30, 30)}, 8, 6)
	require.Zero(t, area(&m))
}

func TestFillStaysInRange(t *testing.T) {
	var m mask
	rapid.Check(t, func(t *rapid.T) {
		coordinate := rapid.Float64Range(-40, 60)
		ring := make([]point, rapid.IntRange(1, 9).Draw(t, "corners"))
		for i := range ring {
			ring[i] = point{coordinate.Draw(t, "x"), coordinate.Draw(t, "y")}
		}
		m.fill([][]point{ring}, rapid.IntRange(1, 30).Draw(t, "w"), rapid.IntRange(1, 30).Draw(t, "h"))
		for y := m.y0; y < m.y1; y++ {
			for _, a := range m.row(y) {
				if !(a >= 0 && a <= 1) {
					t.Fatalf("coverage %g", a)
				}
			}
		}
	})
}

func TestSplinePassesThroughItsPoints(t *testing.T) {
	pts := []point{{0, 0}, {1, 2}, {3, 1}, {4, 4}}
	for _, closed := range []bool{false, true} {
		line := spline(pts, closed)
		for i, p := range pts {
			require.Equal(t, p, line[i*5])
		}
	}
}
