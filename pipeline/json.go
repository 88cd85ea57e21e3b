package pipeline

import (
	"bytes"
	"encoding/json"
	"math"

	"mien/data"
	"mien/face"
)

// Results as JSON. Numbers that are not there are null.

// FrameJSON is a frame as it is written.
type FrameJSON struct {
	Index  int        `json:"index"`
	Time   *float64   `json:"time"`
	Width  int        `json:"width"`
	Height int        `json:"height"`
	Status Status     `json:"status"`
	Faces  []FaceJSON `json:"faces"`
	Error  string     `json:"error,omitempty"`
}

// FaceJSON is a face as it is written.
type FaceJSON struct {
	ID        *int        `json:"id"`
	Box       boxJSON     `json:"box"`
	Score     *float64    `json:"score"`
	Landmarks *pointsJSON `json:"landmarks"`
	Crop      Cut         `json:"crop"`
	readingJSON
}

type boxJSON struct {
	X      float64 `json:"x"`
	Y      float64 `json:"y"`
	Width  float64 `json:"width"`
	Height float64 `json:"height"`
}

// pointsJSON are places in the picture, and left and right are as one sees them there.
type pointsJSON struct {
	LeftEye    [2]float64 `json:"left_eye"`
	RightEye   [2]float64 `json:"right_eye"`
	Nose       [2]float64 `json:"nose"`
	MouthLeft  [2]float64 `json:"mouth_left"`
	MouthRight [2]float64 `json:"mouth_right"`
}

type readingJSON struct {
	Head          *data.Modality `json:"head"`
	Label         *string        `json:"label"`
	Probability   *float64       `json:"probability"`
	Probabilities probabilities  `json:"probabilities"`
}

// ClipJSON is a clip as it is written.
type ClipJSON struct {
	Face  int      `json:"face"`
	First int      `json:"first"`
	Last  int      `json:"last"`
	Start *float64 `json:"start"`
	End   *float64 `json:"end"`
	readingJSON
}

// SummaryJSON is the summary of a track as it is written.
type SummaryJSON struct {
	Face   int      `json:"face"`
	Frames int      `json:"frames"`
	First  int      `json:"first"`
	Last   int      `json:"last"`
	Start  *float64 `json:"start"`
	End    *float64 `json:"end"`
	readingJSON
}

// JSON returns what is written of a frame.
func (f Frame) JSON() FrameJSON {
	j := FrameJSON{f.Index, number(f.Time), f.Width, f.Height, f.Status, make([]FaceJSON, len(f.Faces)), ""}
	for i, face := range f.Faces {
		j.Faces[i] = face.JSON()
	}
	if f.Err != nil {
		j.Error = f.Err.Error()
	}
	return j
}

// JSON returns what is written of a face.
func (f Face) JSON() FaceJSON {
	j := FaceJSON{Box: boxJSON(f.Box), Crop: f.Crop, readingJSON: f.Reading.json()}
	if f.ID > 0 {
		j.ID = &f.ID
	}
	if f.Crop != Whole {
		at := func(i int) [2]float64 { return [2]float64{f.Points[i].X, f.Points[i].Y} }
		j.Score = &f.Score
		j.Landmarks = &pointsJSON{at(face.LeftEye), at(face.RightEye), at(face.Nose), at(face.LeftMouth), at(face.RightMouth)}
	}
	return j
}

// JSON returns what is written of a clip.
func (c Clip) JSON() ClipJSON {
	return ClipJSON{c.Face, c.First, c.Last, number(c.Start), number(c.End), c.Reading.json()}
}

// JSON returns what is written of a track.
func (s Summary) JSON() SummaryJSON {
	return SummaryJSON{s.Face, s.Frames, s.First, s.Last, number(s.Start), number(s.End), s.Reading.json()}
}

// MarshalJSON implements json.Marshaler, as those below.
func (f Frame) MarshalJSON() ([]byte, error)   { return json.Marshal(f.JSON()) }
func (f Face) MarshalJSON() ([]byte, error)    { return json.Marshal(f.JSON()) }
func (c Clip) MarshalJSON() ([]byte, error)    { return json.Marshal(c.JSON()) }
func (s Summary) MarshalJSON() ([]byte, error) { return json.Marshal(s.JSON()) }

func (r Reading) json() readingJSON {
	if r.Head == "" {
		return readingJSON{}
	}
	return readingJSON{&r.Head, &r.Label, number(r.Probability()), probabilities{r.Labels, r.Probabilities}}
}

// number is x, or null where it is none.
func number(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}

// probabilities are an object with a key for each class, in the order of the head.
type probabilities struct {
	labels []string
	p      []float64
}

// MarshalJSON implements json.Marshaler.
func (p probabilities) MarshalJSON() ([]byte, error) {
	if p.labels == nil {
		return []byte("null"), nil
	}
	var b bytes.Buffer
	for i, label := range p.labels {
		b.WriteByte("{,"[min(i, 1)])
		for j, v := range []any{label, number(p.p[i])} {
			text, err := json.Marshal(v)
			if err != nil {
				return nil, err
			}
			b.Write(text)
			if j == 0 {
				b.WriteByte(':')
			}
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
