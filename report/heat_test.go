package report

import (
	"image"
	"image/color"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
	"gonum.org/v1/plot/palette/moreland"

	"mien/data"
	"mien/infer"
)

// trace is one of two slices of 3×3 patches, all attention on patch (1, 0, 2) in the last block and on (0, 2, 1) in the rollout.
func trace() ModelTrace {
	frames := data.NewFrames(4, 6, 6)
	for i := range frames.Pix {
		frames.Pix[i] = 100
	}
	for i := range frames.Frame(2) { // the first of the second slice
		frames.Frame(2)[i] = 200
	}
	l := infer.Trace{View: data.View{T: 4, H: 6, W: 6, Bytes: frames.Pix}, Times: 2, Rows: 3,
		Last: make([]float64, 18), Rollout: make([]float64, 18), Blocks: []int{5}, Routes: [][]int32{make([]int32, 36)}}
	l.Last[9+2], l.Rollout[2*3+1] = 1, 1
	l.Routes[0][2*(9+3*1)] = 3 // patch (1, 1, 0), first choice
	return ModelTrace{Model: "other", Experts: 4, Trace: l}
}

// at returns a pixel in the middle of a patch of a cell.
func at(m image.Image, row, t, y, x int) color.RGBA {
	const patch = cellSize / 3
	return m.At(labelWidth+t*(cellSize+2)+x*patch+patch/2, row*(cellSize+2)+y*patch+patch/2).(color.RGBA)
}

// Each row shows its own map at its own place and time.
func TestAttentionMaps(t *testing.T) {
	l := trace()
	m := AttentionMaps([]ModelTrace{l, l})
	require.Equal(t, image.Rect(0, 0, labelWidth+2*(cellSize+2), 7*(cellSize+2)), m.Bounds())
	require.Equal(t, color.RGBA{100, 100, 100, 255}, at(m, 0, 0, 1, 1))
	require.Equal(t, color.RGBA{200, 200, 200, 255}, at(m, 0, 1, 1, 1))
	sum := func(c color.RGBA) int { return int(c.R) + int(c.G) + int(c.B) }
	for row, spot := range map[int][3]int{1: {1, 0, 2}, 2: {0, 2, 1}, 4: {1, 0, 2}, 5: {0, 2, 1}} {
		brightest := at(m, row, spot[0], spot[1], spot[2])
		for time := range 2 {
			for y := range 3 {
				for x := range 3 {
					if [3]int{time, y, x} != spot {
						require.Less(t, sum(at(m, row, time, y, x)), sum(brightest), "row %d: %d %d %d", row, time, y, x)
					}
				}
			}
		}
	}
	expert := func(under uint8, e int) color.RGBA {
		return mix(color.RGBA{under, under, under, 255}, expertColor(e, 4), 0.5)
	}
	require.Equal(t, expert(200, 3), at(m, 3, 1, 1, 0))
	require.Equal(t, expert(200, 0), at(m, 3, 1, 0, 1))
	require.Equal(t, expert(100, 0), at(m, 3, 0, 1, 0))
	require.NotEqual(t, expertColor(0, 4), expertColor(3, 4))

	legend := func(row, e int) color.RGBA { // the middle of the upper edge of an expert's square, above its number
		return m.At(4+22*e+10, row*(cellSize+2)+cellSize/2+15).(color.RGBA)
	}
	for _, row := range []int{3, 6} {
		for e := range 4 {
			require.Equal(t, mix(color.RGBA{}, expertColor(e, 4), 1), legend(row, e))
		}
		require.Equal(t, color.RGBA{255, 255, 255, 255}, legend(row, 4))
	}
	require.Equal(t, color.RGBA{255, 255, 255, 255}, legend(2, 1))
}

// The whole picture: labels in the middle of their rows, made printable, experts by number below them, and cells side by side with a gap,
// each pixel at its place.
func TestPictureOfTraces(t *testing.T) {
	l := trace()
	l.Model = "m\x1b" // as a folder may be called
	frames := data.NewFrames(4, 6, 6)
	for i := range frames.Pix {
		frames.Pix[i] = uint8(7 * i)
	}
	l.View.Bytes = frames.Pix
	const cell, gap = 128, 130
	want := image.NewRGBA(image.Rect(0, 0, 190+2*gap, 4*gap))
	for i := range want.Pix {
		want.Pix[i] = 255
	}
	text := func(x, y int, text string) {
		d := font.Drawer{Dst: want, Src: image.Black, Face: labelFace, Dot: fixed.P(x, y)}
		d.DrawString(text)
	}
	text(4, 67, "input")
	for i, lines := range [][]string{{"attention in the", "last block", `m\x1b`}, {"attention, rolled out", "through all blocks", `m\x1b`}} {
		for j, line := range lines {
			text(4, gap*(i+1)+52+15*j, line)
		}
	}
	text(4, 3*gap+59, "experts of block 5")
	text(4, 3*gap+74, `m\x1b`)
	for e, number := range []string{"0", "1", "2", "3"} {
		for y := range 16 {
			for x := range 20 {
				want.Set(4+22*e+x, 3*gap+78+y, expertColor(e, 4))
			}
		}
		text(4+22*e+3, 3*gap+78+13, number)
	}
	for slice := range 2 {
		first := data.Resize(&data.Frames{T: 1, H: 6, W: 6, Pix: frames.Frame(2 * slice)}, cell, cell)
		for y := range cell {
			for x := range cell {
				at := (y*cell + x) * 3
				want.Set(190+gap*slice+x, y, color.RGBA{first.Pix[at], first.Pix[at+1], first.Pix[at+2], 255})
			}
		}
		for i, row := range l.rows() {
			drawn := row.cell(slice)
			for y := range cell {
				for x := range cell {
					want.Set(190+gap*slice+x, gap*(i+1)+y, drawn.At(x, y))
				}
			}
		}
	}
	require.Equal(t, want, AttentionMaps([]ModelTrace{l}))
}

// Each block with experts has its row, in the colours of its own choices, up to the edges of the patches; the legend of more than eight
// experts goes on below.
func TestExpertsOfSeveralBlocks(t *testing.T) {
	l := trace()
	l.Experts, l.Blocks, l.Routes = 11, []int{5, 8}, [][]int32{make([]int32, 36), make([]int32, 36)}
	for i := range 18 { // the first choice of each patch, and the second, which is not shown
		l.Routes[0][2*i], l.Routes[0][2*i+1] = int32(i%11), int32((i+4)%11)
		l.Routes[1][2*i], l.Routes[1][2*i+1] = int32((i+7)%11), int32(i%11)
	}
	rows := l.rows()
	require.Len(t, rows, 4)
	for block, shift := range []int{0, 7} {
		require.Equal(t, []string{[]string{"experts of block 5", "experts of block 8"}[block], "other"}, rows[2+block].label)
		for slice := range 2 {
			cell, frame := rows[2+block].cell(slice), l.frame(slice)
			for _, y := range []int{0, 42, 43, 85, 86, 127} { // patches begin at 0, 42⅔ and 85⅓
				for _, x := range []int{0, 42, 43, 85, 86, 127} {
					patch := slice*9 + 3*(y*3/128) + x*3/128
					require.Equal(t, mix(frame.RGBAAt(x, y), expertColor((patch+shift)%11, 11), 0.5), cell.RGBAAt(x, y), "%d: %d, %d", block, y, x)
				}
			}
		}
	}
	m := AttentionMaps([]ModelTrace{l})
	for e := range 11 {
		x, y := 4+22*(e%8)+10, 3*(cellSize+2)+cellSize/2+15+18*(e/8)
		require.Equal(t, mix(color.RGBA{}, expertColor(e, 11), 1), m.At(x, y), "expert %d", e)
	}
}

// Where each frame is a slice of its own, as of image models with adapters, it is that frame that is shown; and each of two models has the
// legend and the colours of its own experts, and its own frames.
func TestFramesAndExpertsOfEachModel(t *testing.T) {
	l := trace()
	for i := range 4 {
		copy(l.View.Bytes[6*6*3*i:], slices.Repeat([]uint8{uint8(10 + 50*i)}, 6*6*3))
	}
	l.Times, l.Last, l.Rollout, l.Routes = 4, slices.Repeat([]float64{1}, 36), slices.Repeat([]float64{1}, 36), [][]int32{make([]int32, 72)}
	other := l
	other.Model, other.Experts, other.Routes = "second", 7, [][]int32{slices.Repeat([]int32{6, 1}, 36)}
	m := AttentionMaps([]ModelTrace{l, other})
	for slice := range 4 {
		grey := uint8(10 + 50*slice)
		under := color.RGBA{grey, grey, grey, 255}
		require.Equal(t, under, at(m, 0, slice, 1, 1))
		require.Equal(t, mix(under, expertColor(0, 4), 0.5), at(m, 3, slice, 1, 1))
		require.Equal(t, mix(under, expertColor(6, 7), 0.5), at(m, 6, slice, 1, 1))
	}
	for row, n := range map[int]int{3: 4, 6: 7} {
		for e := range 8 {
			want := color.RGBA{255, 255, 255, 255}
			if e < n {
				want = mix(color.RGBA{}, expertColor(e, n), 1)
			}
			require.Equal(t, want, m.At(4+22*e+10, row*(cellSize+2)+cellSize/2+15), "expert %d of %d", e, n)
		}
	}
}

// A map of attention lies on the frame, the more opaque the larger the share is of the largest.
func TestHeat(t *testing.T) {
	l := trace()
	frames := data.View{T: 4, H: 6, W: 6, Bytes: make([]uint8, 4*6*6*3)}
	for i := range frames.Bytes {
		frames.Bytes[i] = uint8(i * i)
	}
	l.View = frames
	for i := range l.Last {
		l.Last[i] = float64(i%7*i) / 100
	}
	colors := moreland.ExtendedBlackBody()
	colors.SetMax(1)
	heat, frame := l.heat(1, l.Last, 1.25), l.frame(1)
	for _, at := range []image.Point{{5, 100}, {70, 31}, {127, 64}} {
		share := min(between(l.Last[9:], 3, at.X, at.Y)/1.25, 1)
		c, err := colors.At(share)
		require.NoError(t, err)
		require.Equal(t, mix(frame.RGBAAt(at.X, at.Y), c, 0.35+0.35*share), heat.RGBAAt(at.X, at.Y), at)
	}
	require.Equal(t, color.RGBA{70, 170, 35, 255}, mix(color.RGBA{100, 200, 50, 255}, color.RGBA{0, 100, 0, 255}, 0.3))
}

// The colours of each kind of attention are of its own largest share, that of all slices: a moment that is hardly looked at stays dark.
func TestHeatOfAllSlices(t *testing.T) {
	l := trace()
	for i := range l.Last {
		l.Last[i], l.Rollout[i] = float64(1+i*i)/2000, float64(40-2*i)/500
	}
	rows := l.rows()
	for slice := range 2 {
		require.Equal(t, l.heat(slice, l.Last, 0.145), rows[0].cell(slice), "last block, slice %d", slice)
		require.Equal(t, l.heat(slice, l.Rollout, 0.08), rows[1].cell(slice), "rolled out, slice %d", slice)
	}
}

// Where a model's attention is not a number, its map is dark, and the picture is drawn.
func TestAttentionThatIsNoNumber(t *testing.T) {
	l := trace()
	l.Last = slices.Repeat([]float64{math.NaN()}, len(l.Last))
	m := AttentionMaps([]ModelTrace{l})
	require.Less(t, at(m, 1, 0, 1, 1).R, at(m, 0, 0, 1, 1).R)
}

// Labels name the block, and the model only where there are two.
func TestTraceLabels(t *testing.T) {
	l := trace()
	rows := l.rows()
	require.Equal(t, []string{"attention in the", "last block", "other"}, rows[0].label)
	require.Equal(t, []string{"experts of block 5", "other"}, rows[2].label)
	require.Equal(t, 4, rows[2].experts)
	l.Model = ""
	require.Equal(t, []string{"attention, rolled out", "through all blocks"}, l.rows()[1].label)
}

// Between the centres of two patches, the share is between theirs; beyond the last centre it is that of the patch.
func TestBetween(t *testing.T) {
	values := []float64{0, 1, 2, 3}
	require.InDelta(t, 0, between(values, 2, 0, 0), 1e-9)
	require.InDelta(t, 3, between(values, 2, cellSize-1, cellSize-1), 1e-9)
	require.InDelta(t, 1, between(values, 2, cellSize-1, 0), 1e-9)
	require.InDelta(t, 2, between(values, 2, 0, cellSize-1), 1e-9)
	require.InDelta(t, 1.5, between(values, 2, cellSize/2, cellSize/2), 0.03)
	const column, row = (80.5/128)*2 - 0.5, (50.5/128)*2 - 0.5
	require.InDelta(t, column+2*row, between(values, 2, 80, 50), 1e-9, "a column adds 1 and a row 2")
	plane := []float64{0, 1, 2, 5, 6, 7, 10, 11, 12}
	at := func(p int) float64 { return min(max((float64(p)+0.5)/cellSize*3-0.5, 0), 2) } // in rows or columns
	for _, p := range [][2]int{{30, 40}, {50, 70}, {80, 90}, {70, 127}, {127, 60}, {3, 90}, {90, 3}} {
		require.InDelta(t, at(p[0])+5*at(p[1]), between(plane, 3, p[0], p[1]), 1e-9, p)
	}
}
