package nn

import (
	"math"

	ag "mien/autograd"
	"mien/engine"
)

// BatchNormEps is added to the variance, and batchNormMomentum is the share of a batch in the running statistics: PyTorch's defaults.
const (
	BatchNormEps      = 1e-5
	batchNormMomentum = 0.1
)

// BatchNorm normalises each channel, then scales and shifts it with weight and bias [dim] (Ioffe & Szegedy 2015): in training by the
// statistics of the batch, in inference by running ones, which are parameters that are never learned.
type BatchNorm struct {
	Weight, Bias   *ag.Value
	Mean, Variance *ag.Value // running

	batchMean, batchVariance *ag.Value // of the last batch in training; the variance is unbiased
	trained                  bool      // since the last Update
}

// NewBatchNorm makes a batch norm with scale 1, shift 0 and running statistics 0 and 1.
func NewBatchNorm(s *Scope, dim int) *BatchNorm {
	zeros := func() []float32 { return make([]float32, dim) }
	n := &BatchNorm{Weight: s.Param("weight", Ones, dim), Bias: s.Param("bias", Zeros, dim),
		Mean: s.Param("running_mean", Zeros, dim), Variance: s.Param("running_var", Ones, dim),
		batchMean: s.Constant(zeros, dim), batchVariance: s.Constant(zeros, dim)}
	n.Mean.Freeze()
	n.Variance.Freeze()
	return n
}

// Forward normalises x [..., dim] by the running statistics.
func (n *BatchNorm) Forward(x *ag.Value) *ag.Value {
	return n.affine(ag.Sub(x, n.Mean), n.Variance)
}

// Train normalises x [batch, ..., dim] by its own statistics and keeps them for Update.
func (n *BatchNorm) Train(x *ag.Value) *ag.Value {
	rows := x.Data().Rows()
	mean := func(x *ag.Value) *ag.Value { // of each sample first: a sum over all rows in a row would lose precision
		return ag.MeanAxis(ag.MeanAxis(ag.Reshape(x, x.Dim(0), rows/x.Dim(0), x.Dim(-1)), 1), 0)
	}
	center := mean(x)
	centered := ag.Sub(x, center)
	variance := mean(ag.Mul(centered, centered))
	b := x.Tape().Backend()
	b.Scale(n.batchMean.Data(), center.Data(), 1)
	b.Scale(n.batchVariance.Data(), variance.Data(), float64(rows)/float64(max(rows-1, 1)))
	n.trained = true
	return n.affine(centered, variance)
}

// affine is weight·centered/√(variance + ε) + bias.
func (n *BatchNorm) affine(centered, variance *ag.Value) *ag.Value {
	t := centered.Tape()
	eps := t.Const(engine.Filled(t.Backend(), variance.Data().DType(), BatchNormEps))
	return ag.Add(ag.Mul(centered, ag.Mul(n.Weight, ag.Rsqrt(ag.Add(variance, eps)))), n.Bias)
}

// Update moves the running statistics towards those of the last batch: once after each step, as a layer may run twice in one that is
// recomputed.
func (n *BatchNorm) Update() {
	if !n.trained {
		return
	}
	n.trained = false
	for _, s := range [][2]*engine.Tensor{{n.Mean.Data(), n.batchMean.Data()}, {n.Variance.Data(), n.batchVariance.Data()}} {
		running, batch := s[0], s[1]
		b := running.Backend()
		b.Scale(running, running, 1-batchNormMomentum)
		b.Axpy(running, batchNormMomentum, batch)
	}
}

// FoldBatchNorm returns the weight and the bias of the convolution, or linear layer, that computes what a batch norm with running
// statistics makes of the one with the given weight [out, ...] and bias [out], which may be nil:
//
//	w′ = w·gamma/√(variance + eps), b′ = beta + (b − mean)·gamma/√(variance + eps)
func FoldBatchNorm[F float32 | float64](weight, bias, gamma, beta, mean, variance []F, eps float64) (w, b []F) {
	w, b = make([]F, len(weight)), make([]F, len(gamma))
	in := len(weight) / len(gamma)
	for o := range gamma {
		factor, shift := float64(gamma[o])/math.Sqrt(float64(variance[o])+eps), -float64(mean[o])
		if bias != nil {
			shift += float64(bias[o])
		}
		for i := o * in; i < (o+1)*in; i++ {
			w[i] = F(float64(weight[i]) * factor)
		}
		b[o] = F(float64(beta[o]) + shift*factor)
	}
	return w, b
}
