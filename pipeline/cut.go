package pipeline

import (
	"mien/data"
	"mien/face"
)

// cut returns what the model sees of a face.
func (p *Pipeline) cut(picture *data.Frames, f face.Face) (*data.Frames, Cut, error) {
	at := func(i int) data.Point {
		return data.Point{X: f.Points[i].X / float64(picture.W), Y: f.Points[i].Y / float64(picture.H)}
	}
	landmarks := data.LandmarksAt(at(face.LeftEye), at(face.RightEye), at(face.Nose))
	a, err := data.NewAlignment(landmarks, picture.H, picture.W, p.model.Recipe.Model.ImageSize)
	if err != nil {
		return nil, "", err
	}
	return a.Frames(picture), Detected, nil
}
