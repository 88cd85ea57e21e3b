package data

// Mean and Std are ImageNet's, with which a model normalises its input: (v − Mean)/Std for each channel of values in [0, 1].
var (
	Mean = [3]float32{0.485, 0.456, 0.406}
	Std  = [3]float32{0.229, 0.224, 0.225}
)

// View is a model's input from a sample, before normalisation: T frames of H×W pixels. Exactly one of Bytes and Floats is set:
// 8-bit samples stay bytes, a quarter of the memory, until a patch embedding reads them as v/255.
type View struct {
	T, H, W int
	Bytes   []uint8   // [T, H, W, 3], as decoded
	Floats  []float32 // [3, T, H, W] in [0, 1], of an augmentation whose results are not integers; its noise may leave that range
}

// Frames returns the pixels of a view for display. Floats are rounded; Bytes are shared.
func (v View) Frames() *Frames {
	if v.Bytes != nil {
		return &Frames{T: v.T, H: v.H, W: v.W, Pix: v.Bytes}
	}
	f := NewFrames(v.T, v.H, v.W)
	n := v.T * v.H * v.W
	for c := range 3 {
		for i, x := range v.Floats[c*n : (c+1)*n] {
			f.Pix[3*i+c] = uint8(min(max(float32(x*255)+0.5, 0), 255)) // not fused: all machines show the same
		}
	}
	return f
}

// View returns f as a model's input; the pixels are shared.
func (f *Frames) View() View { return View{T: f.T, H: f.H, W: f.W, Bytes: f.Pix} }

// unit has v/255 for each byte v: a look-up is faster than a division.
var unit = func() (t [256]float32) {
	for v := range t {
		t[v] = float32(v) / 255
	}
	return t
}()

// Planar returns the pixels of a view as floats [3, T, H, W] in [0, 1]; Floats are shared.
func (v View) Planar() []float32 {
	if v.Floats != nil {
		return v.Floats
	}
	n := v.T * v.H * v.W
	x := make([]float32, 3*n)
	r, g, b := x[:n], x[n:2*n], x[2*n:]
	for i := range n {
		p := v.Bytes[3*i : 3*i+3 : 3*i+3]
		r[i], g[i], b[i] = unit[p[0]], unit[p[1]], unit[p[2]]
	}
	return x
}
