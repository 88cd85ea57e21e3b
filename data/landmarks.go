package data

// Landmarks of a face are 68 points in the order of iBUG's annotations (300-W), from left to right in the image where nothing else is said:
//
//	 0–16  the jaw, from beside the left eye around the chin to beside the right eye
//	17–26  the left and the right brow, five points each
//	27–30  the ridge of the nose, from above; 31–35 its lower end, from wing to wing
//	36–41  the left eye, 42–47 the right one: a corner, two points of the upper lid, the other corner, two of the lower lid from right to left
//	48–59  the outer edge of the lips: a corner, the upper lip, the other corner, the lower lip from right to left; 60–67 likewise the inner edge
//
// They are shares of the width and of the height of the frame, so that they hold at any size. A point is where it would be seen: hair, a
// beard or glasses may cover it, and it may lie outside the frame.
type Landmarks [NumLandmarks]Point

// NumLandmarks is the number of landmarks of a face.
const NumLandmarks = 68

// Point is a place in an image, as shares of its width, from the left, and of its height, from above.
type Point struct{ X, Y float64 }

// counterparts are the landmarks that take the places of others in a mirror image.
var counterparts = [NumLandmarks]int{
	16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, // jaw
	26, 25, 24, 23, 22, 21, 20, 19, 18, 17, // brows
	27, 28, 29, 30, 35, 34, 33, 32, 31, // nose
	45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40, // eyes
	54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, // lips, outer edge
	64, 63, 62, 61, 60, 67, 66, 65, // inner edge
}

// Mirrored returns the landmarks of the mirror image, as [data.Mirror] makes it.
func (l Landmarks) Mirrored() (m Landmarks) {
	for i, of := range counterparts {
		m[i] = Point{1 - l[of].X, l[of].Y}
	}
	return m
}

// Cut returns the landmarks of a part of a frame of h × w pixels, whatever size it is given then.
func (l Landmarks) Cut(b Box, h, w int) Landmarks {
	for i, q := range l {
		l[i] = Point{(q.X*float64(w) - float64(b.X)) / float64(b.W), (q.Y*float64(h) - float64(b.Y)) / float64(b.H)}
	}
	return l
}

// Counterpart returns the landmark that takes the place of landmark i in a mirror image.
func Counterpart(i int) int { return counterparts[i] }
