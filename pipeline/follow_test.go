package pipeline

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/face"
)

const (
	fps    = 25
	appear = 10 // the frame from which on there is a second face
)

// scene is a video of n frames: somebody moves slowly to the right, somebody else appears and leaves after 20 frames. Frames 6 and 7 are damaged, in
// frames 30 to 33 there is nobody.
func scene(t testing.TB, n int) (frames []data.Frame) {
	portrait := data.Resize(picture(t, "portrait"), 100, 100)
	other := data.Resize(picture(t, "fills"), 100, 100)
	for i := range n {
		f := data.Frame{Index: i, Time: float64(i) / fps}
		if i == 6 || i == 7 {
			f.Err = errors.New("damaged")
			frames = append(frames, f)
			continue
		}
		f.Frames = data.NewFrames(1, 120, 280)
		if i < 30 || i >= 34 {
			paste(f.Frames, portrait, 5+i/4, 10)
		}
		if i >= appear && i < appear+20 {
			paste(f.Frames, other, 170, 12)
		}
		frames = append(frames, f)
	}
	return frames
}

func paste(on, f *data.Frames, x, y int) {
	for row := range f.H {
		copy(on.Pix[((y+row)*on.W+x)*3:], f.Pix[row*f.W*3:(row+1)*f.W*3])
	}
}

// follow reads a video in chunks of so many frames.
func follow(t testing.TB, p *Pipeline, video []data.Frame, chunk int) (all Results) {
	t.Helper()
	f := p.Follow()
	add := func(r Results, err error) {
		require.NoError(t, err)
		all.Frames, all.Clips, all.Summaries = append(all.Frames, r.Frames...), append(all.Clips, r.Clips...), append(all.Summaries, r.Summaries...)
	}
	for len(video) > 0 {
		n := min(chunk, len(video))
		add(f.Add(video[:n]))
		video = video[n:]
	}
	add(f.Finish())
	return all
}

// However a video is divided, whatever heads a model has, the results have the same bits.
func TestChunks(t *testing.T) {
	video := scene(t, 70)
	small := data.Frame{Frames: data.Resize(video[69].Frames, 60, 140), Index: 70, Time: math.NaN()}
	video = append(video, small, small)
	for _, name := range []string{"s4d-tiny", "image-tiny", "feadapter-tiny"} {
		for _, opt := range []Options{{Whole: true}} {
			p := of(t, model(t, name), opt)
			want := follow(t, p, video, 1)
			for _, chunk := range []int{3, 16, len(video)} {
				got := follow(t, p, video, chunk)
				require.Equal(t, fmt.Sprintf("%#v", want), fmt.Sprintf("%#v", got), "chunks of %d", chunk)
			}
		}
	}
}

// Every frame has its place, also a damaged one and one without a face; faces keep their numbers.
func TestFollow(t *testing.T) {
	r := follow(t, of(t, model(t, "s4d-tiny"), Options{}), scene(t, 60), 16)
	require.Len(t, r.Frames, 60)
	for i, f := range r.Frames {
		require.Equal(t, i, f.Index)
		require.Equal(t, float64(i)/fps, f.Time)
		var ids []int
		for _, one := range f.Faces {
			ids = append(ids, one.ID)
			require.Equal(t, data.Image, one.Head)
			require.Len(t, one.Probabilities, 7)
		}
		switch {
		case i == 6 || i == 7:
			require.Equal(t, Damaged, f.Status)
			require.EqualError(t, f.Err, "damaged")
			require.Empty(t, ids)
		case i >= 30 && i < 34:
			require.Equal(t, NoFace, f.Status)
			require.Equal(t, []int{280, 120}, []int{f.Width, f.Height})
			require.Empty(t, ids)
		case i >= appear && i < appear+20:
			require.ElementsMatch(t, []int{1, 2}, ids)
		default:
			require.Equal(t, OK, f.Status)
			require.Equal(t, []int{1}, ids, i)
		}
	}
	require.Len(t, r.Summaries, 2)
	require.Equal(t, []int{2, 20, appear, appear + 19}, counts(r.Summaries[0]))
	require.Equal(t, []int{1, 54, 0, 59}, counts(r.Summaries[1]))
	require.Equal(t, []float64{0, 59. / fps}, []float64{r.Summaries[1].Start, r.Summaries[1].End})
}

func counts(s Summary) []int { return []int{s.Face, s.Frames, s.First, s.Last} }

// Windows of a track follow one another, at the model's stride in frames of the video, and the last one ends with the track; what is said of
// the track is their mean. Four frames with a stride of four are a window.
func TestWindows(t *testing.T) {
	m := model(t, "s4d-tiny")
	r := follow(t, of(t, m, Options{}), scene(t, 60), 16)
	spans := map[int][][2]int{}
	means := map[int][]float64{}
	for _, c := range r.Clips {
		spans[c.Face] = append(spans[c.Face], [2]int{c.First, c.Last})
		require.Equal(t, []float64{float64(c.First) / fps, float64(c.Last) / fps}, []float64{c.Start, c.End})
		require.Equal(t, data.Video, c.Head)
		require.Equal(t, data.DFEW, c.Labels)
		if means[c.Face] == nil {
			means[c.Face] = make([]float64, 7)
		}
		for i, p := range c.Probabilities {
			means[c.Face][i] += p
		}
	}
	// Frames 0, 4, 8, 12; 16, 20, 24, 28; 34, which is the first after 32, 38, 42, 46; 50, 54 and 58 with 46 before them.
	require.Equal(t, [][2]int{{0, 12}, {16, 28}, {34, 46}, {46, 58}}, spans[1])
	require.Equal(t, [][2]int{{10, 22}, {14, 26}}, spans[2])
	for _, s := range r.Summaries {
		require.Equal(t, data.Video, s.Head)
		for i, p := range means[s.Face] {
			require.InDelta(t, p/float64(len(spans[s.Face])), s.Probabilities[i], 1e-12)
		}
	}
}

// What the video head sees is the crops of the track, and of a track shorter than a window the last one again and again.
func TestClipOfAShortTrack(t *testing.T) {
	m := model(t, "s4d-tiny")
	p := of(t, m, Options{Whole: true})
	var video []data.Frame
	for i := range 6 { // of which two are seen
		f := data.NewFrames(1, 40, 40)
		for j := range f.Pix {
			f.Pix[j] = uint8(10 * i)
		}
		video = append(video, data.Frame{Frames: f, Index: i})
	}
	r := follow(t, p, video, 4)
	require.Len(t, r.Clips, 1)
	require.Equal(t, []int{0, 0, 4}, []int{r.Clips[0].Face, r.Clips[0].First, r.Clips[0].Last})
	seen := stack([]data.Frame{video[0], video[4], video[4], video[4]})
	want, err := m.Classify(data.Video, []data.View{m.View(seen)})
	require.NoError(t, err)
	require.Equal(t, want[0], r.Clips[0].Probabilities)
}

// Every n-th frame is as good as all, if the stride leaves out the others anyway.
func TestWindowsOfSomeFrames(t *testing.T) {
	p := of(t, model(t, "s4d-tiny"), Options{Whole: true})
	video := scene(t, 30)
	var some []data.Frame
	for i := 0; i < len(video); i += 2 {
		some = append(some, video[i])
	}
	for _, c := range follow(t, p, some, 16).Clips {
		require.Equal(t, 12, c.Last-c.First)
	}
}

// A model with one head speaks with it: the image head for frames and tracks, the video head for clips, and in frames by the latest of them.
func TestFollowWithOneHead(t *testing.T) {
	r := follow(t, of(t, model(t, "image-tiny"), Options{}), scene(t, 30), 16)
	require.Empty(t, r.Clips)
	mean := 0.0
	for _, f := range r.Frames {
		for _, one := range f.Faces {
			require.Equal(t, data.Image, one.Head)
			if one.ID == 1 {
				mean += one.Probabilities[3] / 28
			}
		}
	}
	require.Len(t, r.Summaries, 2)
	require.Equal(t, data.Image, r.Summaries[0].Head)
	require.Equal(t, 28, r.Summaries[0].Frames)
	require.InDelta(t, mean, r.Summaries[0].Probabilities[3], 1e-12)

	r = follow(t, of(t, model(t, "feadapter-tiny"), Options{}), scene(t, 30), 16)
	require.NotEmpty(t, r.Clips)
	for _, f := range r.Frames {
		for _, one := range f.Faces {
			if one.ID == 1 {
				require.Equal(t, f.Index >= 12, one.Head == data.Video, f.Index)
			}
			if one.ID == 1 && f.Index >= 12 && f.Index < 28 {
				require.Equal(t, r.Clips[0].Reading, one.Reading)
			}
		}
	}
	require.Equal(t, data.Video, r.Summaries[0].Head)
}

// Frames that are cut-out faces are read as they are, unless they are to be cut out in any case. The first that is not ends that.
func TestGiven(t *testing.T) {
	m := model(t, "s4d-tiny")
	p := of(t, m, Options{Face: Detect})
	portrait := picture(t, "portrait")
	found, err := p.find(portrait)
	require.NoError(t, err)
	at, err := p.crop.Place(found[0].faces[0], portrait.H, portrait.W)
	require.NoError(t, err)
	crop := at.Frames(portrait, 100)
	require.Equal(t, Detected, faces(t, p, crop)[0].Faces[0].Crop)
	auto := of(t, m, Options{})
	frame := faces(t, auto, crop)[0]
	require.Equal(t, Given, frame.Faces[0].Crop)
	want, err := m.Classify(data.Image, []data.View{m.View(crop)})
	require.NoError(t, err)
	require.Equal(t, want[0], frame.Faces[0].Probabilities)
	require.Equal(t, Detected, faces(t, auto, portrait)[0].Faces[0].Crop)

	moved := data.NewFrames(1, 100, 100)
	paste(moved, data.ResizeBox(crop, data.Box{W: 70, H: 100}, 100, 70, data.Bilinear), 30, 0)
	var cuts []Cut
	for _, f := range follow(t, auto, []data.Frame{{Frames: crop}, {Frames: crop, Index: 1}, {Frames: moved, Index: 2}, {Frames: crop, Index: 3}}, 2).Frames {
		cuts = append(cuts, f.Faces[0].Crop)
	}
	require.Equal(t, []Cut{Given, Given, Detected, Detected}, cuts)

	who, err := auto.find(crop)
	require.NoError(t, err)
	require.True(t, auto.given(crop, who[0]))
	who[0].small = []face.Face{{Box: face.Box{Width: 5, Height: 6}}}
	require.True(t, auto.given(crop, who[0]), "a face behind that is too small to be asked for is no second one")
	who[0].faces = append(who[0].faces, who[0].faces[0])
	require.False(t, auto.given(crop, who[0]), "two faces")
}

// What is kept between two chunks does not grow with the video.
func TestFollowerForgets(t *testing.T) {
	p := of(t, model(t, "s4d-tiny"), Options{})
	f, video := p.Follow(), scene(t, 60)
	for round := range 5 {
		for i := range video {
			video[i].Index, video[i].Time = 60*round+i, float64(60*round+i)/fps
		}
		_, err := f.Add(video)
		require.NoError(t, err)
		require.LessOrEqual(t, len(f.tracks), 2)
		for _, track := range f.tracks {
			require.LessOrEqual(t, len(track.seen.seen), 4)
		}
		require.Empty(t, f.image.views)
		require.Empty(t, f.video.views)
	}
}

// Of too many faces those that came first stay, as long as they are there.
func TestFollowTheFirst(t *testing.T) {
	r := follow(t, of(t, model(t, "s4d-tiny"), Options{MaxFaces: 1}), scene(t, 33), 16)
	for i, f := range r.Frames {
		switch {
		case i == 6 || i == 7 || i >= 30:
			require.Empty(t, f.Faces)
		default:
			require.Len(t, f.Faces, 1)
			require.Equal(t, 1, f.Faces[0].ID)
			require.Len(t, f.Others, map[bool]int{true: 1}[i >= appear])
		}
	}
	require.Len(t, r.Summaries, 1)
}

// Faces of a video that are too small are not read, and are among the others: who is to be hidden is, too.
func TestFollowTheLarge(t *testing.T) {
	video := scene(t, 2)
	small := data.Resize(picture(t, "fills"), 35, 35)
	for _, f := range video {
		paste(f.Frames, small, 200, 40)
	}
	for _, f := range follow(t, of(t, model(t, "s4d-tiny"), Options{MinFace: 28}), video, 2).Frames {
		require.Len(t, f.Faces, 1)
		require.Greater(t, f.Faces[0].Width, 28.)
		require.Len(t, f.Others, 1)
		require.Less(t, f.Others[0].Width, 28.)
	}
}

// The crop of a face that moves follows calmly.
func TestSteadyCrops(t *testing.T) {
	m := model(t, "s4d-tiny")
	p, portrait := of(t, m, Options{}), picture(t, "portrait")
	var video []data.Frame
	for i := range 3 {
		f := data.NewFrames(1, 120, 160)
		paste(f, portrait, 10+3*i, 10)
		video = append(video, data.Frame{Frames: f, Index: i, Time: float64(i) / fps})
	}
	r := follow(t, p, video, 2)
	var steady face.Steady
	for i, f := range video {
		at, err := p.crop.Place(r.Frames[i].Faces[0].Face, f.H, f.W)
		require.NoError(t, err)
		calm := steady.Next(f.Time, at)
		want, err := m.Classify(data.Image, []data.View{p.cut(f.Frames, calm), p.cut(f.Frames, at)})
		require.NoError(t, err)
		require.InDeltaSlice(t, want[0], r.Frames[i].Faces[0].Probabilities, 1e-6)
		require.Equal(t, i > 0, want[0][0] != want[1][0], "it moves")
	}
}

// Who has a place keeps it while the detector misses the face: nobody else is shown for some frames, who is to be blurred.
func TestPlacesAreKept(t *testing.T) {
	portrait, other := data.Resize(picture(t, "portrait"), 100, 100), data.Resize(picture(t, "fills"), 100, 100)
	var video []data.Frame
	for i := range 50 { // the first face is away for four frames, and then for good
		f := data.Frame{Frames: data.NewFrames(1, 120, 280), Index: i, Time: float64(i) / fps}
		if i < 8 || i >= 12 && i < 16 {
			paste(f.Frames, portrait, 5, 10)
		}
		if i >= 4 {
			paste(f.Frames, other, 170, 12)
		}
		video = append(video, f)
	}
	for i, f := range follow(t, of(t, model(t, "s4d-tiny"), Options{MaxFaces: 1}), video, 16).Frames {
		var ids []int
		for _, one := range f.Faces {
			ids = append(ids, one.ID)
		}
		switch {
		case i < 8 || i >= 12 && i < 16:
			require.Equal(t, []int{1}, ids, i)
		case i < 40: // as long as a face is waited for
			require.Empty(t, ids, i)
			require.Equal(t, NoFace, f.Status)
			require.Len(t, f.Others, 1, i)
		case i > 42:
			require.Equal(t, []int{2}, ids, i)
		}
	}
}
