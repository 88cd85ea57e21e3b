package augment

import (
	"math/rand/v2"

	"mien/data"
)

// Jitter changes colours by random factors, each uniform in [1−x, 1+x] for a strength x; it makes floats.
type Jitter struct {
	Brightness float64 `toml:"brightness" comment:"strength"`
	Contrast   float64 `toml:"contrast" comment:"strength"`
	Saturation float64 `toml:"saturation" comment:"strength"`
}

// Jittered are the factors of a colour jitter.
type Jittered struct{ Brightness, Contrast, Saturation float32 }

// Draw implements Step.
func (j Jitter) Draw(_, _, _ int, rng *rand.Rand) Change {
	factor := func(x float64) float32 {
		if x == 0 {
			return 1
		}
		return float32(1 + float64(x*(2*rng.Float64()-1)))
	}
	return Jittered{factor(j.Brightness), factor(j.Contrast), factor(j.Saturation)}
}

// Apply scales brightness, contrast (about the view's mean grey) and saturation (about each pixel's grey), in this order and with
// values kept in [0, 1], as torchvision's ColorJitter on float images.
func (j Jittered) Apply(v data.View) data.View {
	v = floats(v)
	n := v.T * v.H * v.W
	r, g, b := v.Floats[:n], v.Floats[n:2*n], v.Floats[2*n:]
	if k := j.Brightness; k != 1 {
		for i, x := range v.Floats {
			v.Floats[i] = clip01(k * x)
		}
	}
	if k := j.Contrast; k != 1 {
		var sum float64
		for i := range r {
			sum += float64(grey(r[i], g[i], b[i]))
		}
		mean := float32(sum / float64(n))
		for i, x := range v.Floats {
			v.Floats[i] = clip01(mean + float32(k*(x-mean)))
		}
	}
	if k := j.Saturation; k != 1 {
		for i := range r {
			y := grey(r[i], g[i], b[i])
			r[i] = clip01(y + float32(k*(r[i]-y)))
			g[i] = clip01(y + float32(k*(g[i]-y)))
			b[i] = clip01(y + float32(k*(b[i]-y)))
		}
	}
	return v
}

// grey is the luma of ITU-R 601; the conversions keep compilers from fusing, so that all machines agree.
func grey(r, g, b float32) float32 {
	return float32(0.299*r) + float32(0.587*g) + float32(0.114*b)
}

func clip01(v float32) float32 { return min(max(v, 0), 1) }
