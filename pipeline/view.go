package pipeline

import "mien/data"

// View returns what the model saw of a face that Faces has found in a picture, and where that is.
func (p *Pipeline) View(picture *data.Frames, f Face) (data.View, data.Placement, error) {
	at := data.Whole(picture.H, picture.W)
	if f.Crop == Detected {
		var err error
		if at, err = p.crop.Place(f.Face, picture.H, picture.W); err != nil {
			return data.View{}, at, err
		}
	}
	view, err := p.see(picture, &f)
	return view, at, err
}
