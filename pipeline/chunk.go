package pipeline

import (
	"cmp"
	"slices"

	"mien/data"
	"mien/face"
)

// chunk is what becomes of some frames of a video. What is said of them comes last, when the batches are read: until then readings are empty.
type chunk struct {
	*Follower
	frames []Frame
	clips  []*Clip
	ended  []*track
	heard  []heard
	latest []latest
}

// heard is a reading that counts in the summary of a track.
type heard struct {
	of *track
	*Reading
}

// latest is a face that a clip speaks for.
type latest struct{ face, clip *Reading }

// add takes up a frame and who was found in it.
func (c *chunk) add(in data.Frame, who found) error {
	out := Frame{Index: in.Index, Time: in.Time, Status: Damaged, Err: in.Err}
	if in.Frames == nil {
		c.frames = append(c.frames, out)
		return nil
	}
	out.Width, out.Height, out.Status = in.W, in.H, OK
	all, err := c.number(in.Time, who.faces)
	if err != nil {
		return err
	}
	out.Others = slices.Clone(who.small)
	for _, f := range all {
		if c.asked(f.ID, in) {
			out.Faces = append(out.Faces, f)
		} else {
			out.Others = append(out.Others, f.Face)
		}
	}
	if len(out.Faces) == 0 {
		out.Status = NoFace
		if c.p.opt.Whole {
			out.Faces = []Face{wholeOf(in.Frames)}
			c.begin(0, in)
		}
	}
	c.frames = append(c.frames, out)
	given := c.p.given(in.Frames, who)
	for i := range out.Faces {
		if err := c.face(&out.Faces[i], in, given); err != nil {
			return err
		}
	}
	return nil
}

// number returns the faces by their numbers, and ends the tracks of those that are gone.
func (c *chunk) number(time float64, faces []face.Face) (all []Face, err error) {
	ids := c.tracker.Next(time, faces)
	for _, id := range c.tracker.Ended() {
		if err := c.end(id); err != nil {
			return nil, err
		}
	}
	for i, f := range faces {
		all = append(all, Face{ID: ids[i], Face: f, Crop: Detected})
	}
	slices.SortFunc(all, func(a, b Face) int { return a.ID - b.ID })
	return all, nil
}

// asked tells whether a face is read. One that has a place among MaxFaces keeps it until its track ends, also where it is not found for a
// while: nobody else is shown in its stead.
func (c *chunk) asked(id int, in data.Frame) bool {
	places := len(c.tracks)
	if c.tracks[0] != nil { // whole frames take none
		places--
	}
	if c.tracks[id] == nil && c.p.opt.MaxFaces > 0 && places >= c.p.opt.MaxFaces {
		return false
	}
	c.begin(id, in)
	return true
}

// begin begins a track, if it is not yet.
func (c *chunk) begin(id int, in data.Frame) {
	if c.tracks[id] == nil {
		c.tracks[id] = c.p.newTrack(id, in)
	}
}

// face has a face be read.
func (c *chunk) face(f *Face, in data.Frame, given bool) (err error) {
	t := c.tracks[f.ID]
	t.see(in)
	if f.Crop == Detected {
		if f.Face, err = c.p.detector.Eyes(in.Frames, f.Face); err != nil {
			return err
		}
	}
	view, err := c.see(t, f, in, given)
	if err != nil {
		return err
	}
	if c.image != nil {
		if err := c.image.add(view, &f.Reading); err != nil {
			return err
		}
	}
	if c.video == nil {
		c.heard = append(c.heard, heard{t, &f.Reading})
		return nil
	}
	if t.seen.add(in, view) {
		err = c.clip(t)
	}
	if c.image == nil && t.latest != nil {
		c.latest = append(c.latest, latest{&f.Reading, t.latest})
	}
	return err
}

// see returns what the model sees of a face. Once a track was cut out, it is to the end.
func (c *chunk) see(t *track, f *Face, in data.Frame, given bool) (data.View, error) {
	if t.given = t.given && given; t.given {
		f.Crop = Given
	}
	if f.Crop != Detected {
		return c.p.model.View(in.Frames), nil
	}
	at, err := c.p.crop.Place(f.Face, in.H, in.W)
	if err != nil {
		return data.View{}, err
	}
	return c.p.cut(in.Frames, t.steady.Next(c.tracker.Now(), at)), nil
}

// clip has the window be read that a track has gathered.
func (c *chunk) clip(t *track) error {
	clip, view := t.clip()
	c.clips, c.heard = append(c.clips, clip), append(c.heard, heard{t, &clip.Reading})
	t.latest = &clip.Reading
	return c.video.add(view, &clip.Reading)
}

// end ends a track, and has the rest of it be read.
func (c *chunk) end(id int) error {
	t := c.tracks[id]
	if t == nil { // never asked for
		return nil
	}
	delete(c.tracks, id)
	c.ended = append(c.ended, t)
	if c.video == nil || t.seen.fresh == 0 {
		return nil
	}
	return c.clip(t)
}

// results reads what is left in the batches, and says what is heard.
func (c *chunk) results() (r Results, err error) {
	if err := cmp.Or(c.image.read(), c.video.read()); err != nil {
		return r, err
	}
	for _, l := range c.latest {
		*l.face = *l.clip
	}
	for _, h := range c.heard {
		h.of.hear(*h.Reading)
	}
	r.Frames = c.frames
	for _, clip := range c.clips {
		r.Clips = append(r.Clips, *clip)
	}
	for _, t := range c.ended {
		r.Summaries = append(r.Summaries, t.summary())
	}
	return r, nil
}
