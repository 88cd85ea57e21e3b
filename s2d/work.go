package s2d

import "mien/nn"

// work counts a sample of some frames: the encoder on each, prompters and adapters, and the head.
func (m *Model) work(frames int) (w nn.Work) {
	e := m.Encoder
	patches := frames * e.ImageTokens()
	e.EmbedWork(&w, frames)
	if m.Prompts() {
		var view nn.Work // beside the patches
		view.Linear(patches, m.Landmarks)
		w.Forward, w.Backward = w.Forward+view.Forward, w.Backward+view.Backward
	}
	for i, b := range e.Blocks {
		m.modulesWork(&w, i, frames)
		if i == 0 {
			w.Learns(m.Temporal) // added behind the first modules
		}
		b.AttendWork(&w, frames, 1+e.ImageTokens())
		b.MLPWork(&w, frames, 1+e.ImageTokens())
	}
	w.Learns(m.Norm.Weight, m.Norm.Bias)
	w.Linear(1, m.Head)
	return w
}

// modulesWork counts what is before block i.
func (m *Model) modulesWork(w *nn.Work, i, frames int) {
	patches := frames * m.Encoder.ImageTokens()
	if len(m.Norms) > 0 {
		own, first := m.Norms[max(0, i-1)], m.Norms[0]
		w.Learns(own.Weight, own.Bias, first.Weight, first.Bias)
	}
	if m.Prompts() {
		p := m.Prompters[i]
		w.Linear(patches, p.Patches)
		w.Learns(m.Landmarks.Weight, m.Landmarks.Bias) // whose views come in here
		w.Linear(patches, p.View)
		w.Learns(p.Smooth)
		w.Linear(patches, p.Out)
	}
	if m.Joins() {
		a := m.Adapters[i]
		w.Linear(patches, a.Down)
		w.Product(patches*a.QKV.Data().Len(), a.QKV)
		w.Mix(2 * patches * frames * m.AdapterWidth) // q·kᵀ and P·v, of each patch over time
		w.Linear(patches, a.Proj)
		w.Linear(patches, a.Up)
		w.Learns(a.Norm.Weight, a.Norm.Bias)
		w.Linear(patches, a.Space1)
		w.Linear(patches, a.Space2)
	}
}
