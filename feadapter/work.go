package feadapter

import "mien/nn"

// work counts a sample of some frames: the encoder on each, the adapters, and the head.
func (m *Model) work(frames int) (w nn.Work) {
	e := m.Encoder
	e.EmbedWork(&w, frames)
	for i, b := range e.Blocks {
		at := func(place Place) {
			if a := m.adapter(i, place); a != nil {
				a.work(&w, frames*e.ImageTokens())
			}
		}
		at(BeforeAttention)
		b.AttendWork(&w, frames, 1+e.ImageTokens())
		at(AfterAttention)
		b.MLPWork(&w, frames, 1+e.ImageTokens())
		at(AfterMLP)
	}
	w.Learns(m.Norm.Weight, m.Norm.Bias)
	w.Linear(1, m.Head)
	return w
}

// work counts the adapter on so many tokens. With r its width and k the taps of its kernel, a token costs
//
//	linear layers 2·D·r · convolution k·r², depth-wise k·r · what D²Conv3D predicts p·k·r, and its sampling 8·k·r
func (a *Adapter) work(w *nn.Work, tokens int) {
	w.Linear(tokens, a.Down)
	if a.Dilated {
		w.Product(tokens*a.Predictor.Weight.Data().Len(), a.Predictor.Weight)
		w.Learns(a.Predictor.Bias)
		w.Mix(tokens * 8 * a.Window().Taps() * a.Width) // eight corners, weighted
	}
	if a.Conv != nil {
		w.Product(tokens*a.Conv.Weight.Data().Len(), a.Conv.Weight)
		w.Learns(a.Conv.Bias)
	}
	w.Linear(tokens, a.Up)
}
