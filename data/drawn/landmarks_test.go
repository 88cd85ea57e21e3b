package drawn

import (
	"image"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
)

// colour is what a test paints a part of the face in, to find it again.
var colour = RGB{0, 1, 0}

// requireEdge requires that a point lies where a part of an image of w pixels a row ends: within two pixels, there is the part, and there is
// something else.
func requireEdge(t *testing.T, is func(i int) bool, w, h int, q data.Point, name string, i int) {
	t.Helper()
	x, y, there, elsewhere := q.X*float64(w)-0.5, q.Y*float64(h)-0.5, false, false
	for row := int(y) - 2; row <= int(y)+3; row++ {
		for column := int(x) - 2; column <= int(x)+3; column++ {
			if math.Hypot(float64(row)-y, float64(column)-x) <= 2 && image.Pt(column, row).In(image.Rect(0, 0, w, h)) {
				there, elsewhere = there || is(row*w+column), elsewhere || !is(row*w+column)
			}
		}
	}
	require.True(t, there && elsewhere, "%s: landmark %d at (%.1f, %.1f)", name, i, x, y)
}

// posed returns a face with nothing on it, turned and tilted.
func posed(seed uint64) Face {
	face := NewFace(source(seed))
	face.Style, face.Beard, face.Glasses, face.Noise, face.Lashes = "bald", 0, false, 0, 0.3
	face.Scale, face.Roll, face.Yaw, face.Pitch = 0.5, 0.2, -0.15, 0.1
	return face
}

// Landmarks lie on the edges of what is painted: of the head, of the eyes, of the lips, and of the open mouth.
func TestLandmarksAreOnEdges(t *testing.T) {
	const size = 192
	for e, class := range data.AffectNet7 {
		face, aus := posed(uint64(30+e)), Style{}.perform(source(uint64(e)), class)
		l := landmarksOf(&face, &aus)
		var p painter
		p.reset(size, size)
		p.pose(&face, &aus, size, size)
		p.skin()
		check := func(coverage []uint8, name string, points ...int) {
			for _, i := range points {
				requireEdge(t, func(i int) bool { return coverage[i] > 127 }, size, size, l[i], class+", "+name, i)
			}
		}
		check(p.head, "jaw", 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)
		for half, a := range p.halves {
			p.eye(a)
			check(p.part, "eye", [][]int{{36, 37, 38, 39, 40, 41}, {42, 43, 44, 45, 46, 47}}[half]...)
		}
		p.Lips = colour
		clear(p.head) // within which the shadows of the mouth are
		for i := range p.pix {
			p.pix[i], p.light[i], p.gloss[i] = RGB{1, 0, 1}, 1, 0
		}
		p.mouth()
		painted := func(i int) bool { return p.pix[i][1] > 0.5 || p.pix[i][2] < 0.5 } // lips, what is between them, and their line
		for i := 48; i < 60; i++ {
			requireEdge(t, painted, size, size, l[i], class+", lips", i)
		}
		if p.lips.raise+p.lips.sink > 0.05 { // a mouth that is open by more than its corners
			check(p.part, "mouth", 61, 62, 63, 65, 66, 67)
		}
	}
}

// Brows lie in the middle of what is painted: a stroke of a colour that is nowhere else.
func TestLandmarksOfBrows(t *testing.T) {
	const size = 192
	for seed := range uint64(5) {
		face, aus := posed(seed), anyUnits(source(seed))
		face.BrowColour, face.Warmth = colour, 0
		l, pix := landmarksOf(&face, &aus), Render(face, aus, size, size).Pix
		for i := 17; i < 27; i++ {
			x, y, found := int(l[i].X*size), int(l[i].Y*size), false
			for _, d := range [][2]int{{0, 0}, {1, 0}, {-1, 0}, {0, 1}, {0, -1}} { // the ends are points
				c := pix[((y+d[1])*size+x+d[0])*3:]
				found = found || int(c[1]) > int(c[0])+40 && int(c[1]) > int(c[2])+40
			}
			require.True(t, found, "landmark %d of face %d", i, seed)
		}
	}
}

// An open mouth is dark between the lips, and closed lips and lids meet.
func TestLandmarksOfMouthAndLids(t *testing.T) {
	const size = 192
	face, gape := posed(3), AUs{}
	gape.add(AU25, 1, 0)
	gape.add(AU26, 1, 0)
	l, pix := landmarksOf(&face, &gape), Render(face, gape, size, size).Pix
	brightness := func(a, b int, share float64) int {
		x, y := l[a].X+share*(l[b].X-l[a].X), l[a].Y+share*(l[b].Y-l[a].Y)
		c := pix[(int(y*size)*size+int(x*size))*3:]
		return int(c[0]) + int(c[1]) + int(c[2])
	}
	for _, pair := range [][2]int{{61, 67}, {62, 66}, {63, 65}} {
		inside := brightness(pair[0], pair[1], 0.5) // below the teeth, above the tongue
		require.Less(t, inside, brightness(51, 62, 0.5)*2/3, "between %v", pair)
		require.Less(t, inside, brightness(57, 66, 0.5)*2/3, "between %v", pair)
	}
	require.Greater(t, l[66].Y-l[62].Y, 0.1)

	rest, shut := AUs{}, AUs{}
	shut.add(AU43, 1, 0)
	open, closed := landmarksOf(&face, &rest), landmarksOf(&face, &shut)
	for upper, lower := range map[int]int{37: 41, 38: 40, 43: 47, 44: 46} { // lids meet in the middle, and a little less beside it
		require.Less(t, math.Abs(closed[lower].Y-closed[upper].Y), 0.25*(open[lower].Y-open[upper].Y))
	}
	for upper, lower := range map[int]int{61: 67, 62: 66, 63: 65} {
		require.Equal(t, closed[upper], closed[lower])
	}
}

// The nose turns with the head, by as much as it stands out of it, and the jaw does not.
func TestLandmarksTurn(t *testing.T) {
	face, rest := posed(4), AUs{}
	face.Roll, face.Pitch, face.Yaw, face.X, face.Y = 0, 0, 0, 0, -0.1
	ahead := landmarksOf(&face, &rest)
	face.Yaw = 0.2
	turned := landmarksOf(&face, &rest)
	y := 0.33 * face.NoseLength
	require.InDelta(t, 0.5, ahead[30].X, 1e-9)
	require.InDelta(t, 0.4+face.Scale*y, ahead[30].Y, 1e-9)
	require.InDelta(t, 0.5+face.Scale*math.Sin(0.2)*(0.12+0.72*math.Sqrt(1-y*y/1.44)), turned[30].X, 1e-9)
	require.InDelta(t, 0.5, turned[8].X, 1e-9)
}

// From above, and from left to right, landmarks come in the order of their numbers.
func TestOrderOfLandmarks(t *testing.T) {
	face, parted := posed(4), AUs{}
	face.Roll, face.Pitch, face.Yaw, face.X = 0, 0, 0, 0
	parted.add(AU25, 1, 0)
	ahead := landmarksOf(&face, &parted)
	for _, column := range [][]int{{27, 28, 29, 30, 33, 51, 62, 66, 57, 8}, {21, 27, 39}, {30, 31}, {30, 32}, {30, 34}, {30, 35}, {19, 37, 41, 31, 48}} {
		for k, i := range column[1:] {
			require.Greater(t, ahead[i].Y, ahead[column[k]].Y, "landmark %d is below %d", i, column[k])
		}
	}
	for _, i := range []int{27, 28, 29, 30, 33, 51, 62, 66, 57, 8} {
		require.InDelta(t, 0.5, ahead[i].X, 1e-9, "landmark %d is in the middle", i)
	}
	for _, i := range []int{0, 16} {
		require.InDelta(t, face.Y+0.5, ahead[i].Y, 0.01, "landmark %d is at the height of the eyes", i)
	}
	for _, row := range [][]int{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, {17, 18, 19, 20, 21, 22, 23, 24, 25, 26},
		{36, 37, 38, 39, 42, 43, 44, 45}, {36, 41, 40, 39, 42, 47, 46, 45}, {31, 32, 33, 34, 35}, {48, 49, 50, 51, 52, 53, 54},
		{48, 59, 58, 57, 56, 55, 54}, {60, 61, 62, 63, 64}, {60, 67, 66, 65, 64}} {
		for k, i := range row[1:] {
			require.Greater(t, ahead[i].X, ahead[row[k]].X, "landmark %d is to the right of %d", i, row[k])
		}
	}
}

// mirrorImage is the face whose image is the mirror image.
func mirrorImage(face Face, aus AUs) (Face, AUs) {
	face.Yaw, face.Roll, face.X, face.GazeX, face.LightX = -face.Yaw, -face.Roll, -face.X, -face.GazeX, -face.LightX
	return face, AUs{aus[1], aus[0]}
}

// The face that is the mirror image of another has its landmarks, mirrored, and twice mirrored they are as before.
func TestMirroredLandmarks(t *testing.T) {
	for seed := range uint64(8) {
		face, aus := NewFace(source(seed)), anyUnits(source(seed))
		l := landmarksOf(&face, &aus)
		face, aus = mirrorImage(face, aus)
		other := landmarksOf(&face, &aus)
		for i, q := range l.Mirrored() {
			require.InDelta(t, q.X, other[i].X, 1e-9, "landmark %d", i)
			require.InDelta(t, q.Y, other[i].Y, 1e-9, "landmark %d", i)
			require.NotEqual(t, l[i], q)
		}
		for i, q := range l.Mirrored().Mirrored() {
			require.InDelta(t, l[i].X, q.X, 1e-12)
			require.Equal(t, l[i].Y, q.Y)
		}
	}
}

// The mirrored landmarks of an image are on the lips of its mirrored pixels.
func TestMirroredPixels(t *testing.T) {
	const size = 192
	face, aus := posed(6), AUs{}
	aus.add(AU12, 1, 0.4)
	face.Lips, face.Warmth = colour, 0
	f := Render(face, aus, size, size)
	data.Mirror(f)
	lips := func(i int) bool { return int(f.Pix[3*i+1]) > int(f.Pix[3*i])+60 }
	for i, q := range landmarksOf(&face, &aus).Mirrored() {
		if i >= 49 && i < 60 && i != 54 { // corners are in the shade
			requireEdge(t, lips, size, size, q, "mirrored", i)
		}
	}
}

// Samples tell the landmarks of each frame, at any size, and of reversed ones in reverse.
func TestLandmarksOfSamples(t *testing.T) {
	open := func(set *data.Dataset, i int, opt data.OpenOptions) *Sample {
		s, err := set.Items[i].Open(t.Context(), opt)
		require.NoError(t, err)
		return s.(*Sample)
	}
	marks := func(s *Sample, frames ...int) []data.Landmarks {
		all, err := s.Landmarks(frames)
		require.NoError(t, err)
		require.Len(t, all, len(frames))
		return all
	}
	y := Style{Framing: 1}
	image := open(y.Images(2, 5, 32), 3, data.OpenOptions{})
	face, rng := imageSet(2, 32).in(y).person(3)
	aus := y.perform(rng, "surprise")
	seed := face.NoiseSeed
	require.Equal(t, landmarksOf(&face, &aus), marks(image, 0)[0])
	require.Equal(t, marks(image, 0), marks(open(y.Images(2, 4, 48), 3, data.OpenOptions{H: 9, W: 7}), 0))
	require.Equal(t, seed, face.NoiseSeed)

	video := marks(open(Videos(2, 1, 9, 32), 0, data.OpenOptions{}), 8, 0, 4, 4)
	require.Equal(t, video[2], video[3])
	require.NotEqual(t, video[0], video[2])
	require.Equal(t, marks(open(Videos(2, 3, 9, 48), 0, data.OpenOptions{}), 0)[0], video[1])
	pair := Reversed(2, 4, 7, 32)
	require.Equal(t, marks(open(pair, 2, data.OpenOptions{}), 0, 1, 5), marks(open(pair, 3, data.OpenOptions{}), 6, 5, 1))
	for _, i := range []int{7, -1} {
		_, err := open(pair, 1, data.OpenOptions{}).Landmarks([]int{0, i})
		require.ErrorContains(t, err, "asked for, but there are 7")
	}
}

// Points of a line are as far apart along it.
func TestEvenly(t *testing.T) {
	require.Equal(t, []point{0, 2, 3 + 1i, 3 + 3i}, evenly([]point{0, 3, 3, 3 + 3i}, 4))
	require.Equal(t, []point{1i, 1 + 1i}, evenly([]point{1i, 1 + 1i}, 2))
	require.Equal(t, []point{2, 2, 2}, evenly([]point{2, 2, 2, 2}, 3))
}
