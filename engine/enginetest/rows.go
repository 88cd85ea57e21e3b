package enginetest

import (
	"math"

	"mien/engine"
)

// matrices are shapes of tensors that are processed row by row.
var matrices = [][]int{{1, 1}, {1, 7}, {5, 1}, {3, 16}, {2, 3, 33}, {7, 101}, {129, 65}, {601, 203}}

// softmaxOf returns the softmax of each row and its log-sum-exp.
func softmaxOf(x []float64, n int) (y, lse []float64) {
	y, lse = make([]float64, len(x)), make([]float64, len(x)/n)
	for r := range lse {
		row := x[r*n : (r+1)*n]
		top, sum := math.Inf(-1), 0.0
		for _, v := range row {
			top = max(top, v)
		}
		for _, v := range row {
			sum += math.Exp(v - top)
		}
		lse[r] = top + math.Log(sum)
		for i, v := range row {
			y[r*n+i] = math.Exp(v-top) / sum
		}
	}
	return y, lse
}

// probable expects probabilities to a relative tolerance, or an absolute one below a thousandth.
func probable(y []float64) expected {
	e := exactly(y)
	for i, v := range y {
		e.size[i] = v + 1e-3
	}
	return e
}

func testSoftmax(s *suite) {
	for _, shape := range matrices {
		x, v := s.random(shape...)
		y, _ := softmaxOf(v, shape[len(shape)-1])
		dst := s.blank(shape...)
		s.b.Softmax(dst, x)
		s.check(dst, probable(y), "softmax of %v", shape)
	}
	far := s.tensor([]float64{1000, 1000, 998, -1000, -3e4, -3e4, math.Inf(-1), 0, 0}, 3, 3)
	y, _ := softmaxOf([]float64{2, 2, 0, 1000, -3e4, -3e4, math.Inf(-1), 0, 0}, 3)
	dst := s.blank(3, 3)
	s.b.Softmax(dst, far)
	s.check(dst, probable(y), "softmax of large logits and -∞")
}

func testSoftmaxBackward(s *suite) {
	for _, shape := range matrices {
		n := shape[len(shape)-1]
		y, _ := softmaxOf(s.values(engine.Elements(shape)), n)
		for i := range y {
			y[i] = s.round(y[i])
		}
		dy, dv := s.random(shape...)
		want := sums(len(y))
		for r := 0; r < len(y); r += n {
			dot, size := dotProduct(y[r:r+n], dv[r:r+n])
			for i := r; i < r+n; i++ {
				want.add(i, y[i]*dv[i])
				want.addSized(i, -y[i]*dot, y[i]*size)
			}
		}
		dx := s.blank(shape...)
		s.b.SoftmaxBackward(dx, s.tensor(y, shape...), dy)
		s.check(dx, want, "softmax backward of %v", shape)
	}
}

func testLogSoftmax(s *suite) {
	for _, shape := range matrices {
		x, v := s.random(shape...)
		dst := s.blank(shape...)
		s.b.LogSoftmax(dst, x)
		s.check(dst, logSoftmaxOf(v, shape[len(shape)-1]), "log-softmax of %v", shape)
	}
	v := []float64{1000, 1000, 998, -1000, -3e4, -3e4}
	dst := s.blank(2, 3)
	s.b.LogSoftmax(dst, s.tensor(v, 2, 3))
	s.check(dst, logSoftmaxOf(v, 3), "log-softmax of large logits")
}

func logSoftmaxOf(x []float64, n int) expected {
	_, lse := softmaxOf(x, n)
	want := sums(len(x))
	for i, v := range x {
		want.add(i, v)
		want.add(i, -lse[i/n])
		want.size[i] += 1e-3
	}
	return want
}

func testLogSoftmaxBackward(s *suite) {
	for _, shape := range matrices {
		n := shape[len(shape)-1]
		y := logSoftmaxOf(s.values(engine.Elements(shape)), n).value
		dy, dv := s.random(shape...)
		want := sums(len(y))
		for r := 0; r < len(y); r += n {
			sum, size := dotProduct(repeat(1.0, n), dv[r:r+n])
			for i := r; i < r+n; i++ {
				y[i] = s.round(y[i])
				want.add(i, dv[i])
				want.addSized(i, -math.Exp(y[i])*sum, math.Exp(y[i])*size)
			}
		}
		dx := s.blank(shape...)
		s.b.LogSoftmaxBackward(dx, s.tensor(y, shape...), dy)
		s.check(dx, want, "log-softmax backward of %v", shape)
	}
}

// dotProduct returns Σ x·y and Σ |x·y|.
func dotProduct(x, y []float64) (sum, size float64) {
	for i, v := range x {
		sum, size = sum+v*y[i], size+math.Abs(v*y[i])
	}
	return sum, size
}

const normEps = 1e-6

// moments returns mean and 1/√(var + eps) of each row.
func moments(x []float64, n int) (mean, rstd []float64) {
	mean, rstd = make([]float64, len(x)/n), make([]float64, len(x)/n)
	for r := range mean {
		row, variance := x[r*n:(r+1)*n], 0.0
		for _, v := range row {
			mean[r] += v / float64(n)
		}
		for _, v := range row {
			variance += (v - mean[r]) * (v - mean[r]) / float64(n)
		}
		rstd[r] = 1 / math.Sqrt(variance+normEps)
	}
	return mean, rstd
}

// testLayerNorm also has rows far from zero, on which the shortcut var = E[x²] − mean² fails.
func testLayerNorm(s *suite) {
	for _, dtype := range s.activations() {
		for _, shape := range matrices {
			for _, shift := range []float64{0, 1000} {
				s.layerNorm(dtype, shape, shift)
			}
		}
	}
}

func (s *suite) layerNorm(dtype engine.DType, shape []int, shift float64) {
	n := shape[len(shape)-1]
	v := s.values(engine.Elements(shape))
	for i := range v {
		v[i] = s.round(v[i] + shift)
	}
	gamma, gv := s.random(n)
	beta, bv := s.random(n)
	mu, rs := moments(v, n)
	want, wantMean, wantRstd := sums(len(v)), sums(len(mu)), sums(len(mu))
	for i, x := range v {
		r, j := i/n, i%n
		want.addSized(i, (x-mu[r])*rs[r]*gv[j], (math.Abs(x)+math.Abs(mu[r]))*rs[r]*math.Abs(gv[j]))
		want.add(i, bv[j])
		wantMean.addSized(r, 0, math.Abs(x)/float64(n))
	}
	for r := range mu {
		wantMean.addSized(r, mu[r], 0)
		wantRstd.addSized(r, rs[r], 10*rs[r])
	}
	dst, mean, rstd := s.blankOf(dtype, shape...), s.blank(len(mu)), s.blank(len(mu))
	s.b.LayerNorm(dst, mean, rstd, s.tensor(v, shape...), gamma, beta, normEps)
	if n > 1 { // one element has no variance: its rounding error is multiplied by 1/√eps
		s.check(dst, want, "layer norm of %v around %v to %v", shape, shift, dtype)
	}
	s.check(mean, wantMean, "mean of %v around %v", shape, shift)
	s.check(rstd, wantRstd, "rstd of %v around %v", shape, shift)
}

func testLayerNormBackward(s *suite) {
	for _, dtype := range s.activations() {
		for _, shape := range append([][]int{{64, 5}, {65, 9}, {130, 33}, {2001, 203}}, matrices...) {
			s.layerNormBackward(dtype, shape)
		}
	}
}

func (s *suite) layerNormBackward(dtype engine.DType, shape []int) {
	n := shape[len(shape)-1]
	x, v := s.random(shape...)
	dy, dv := s.randomOf(dtype, shape...)
	gamma, gv := s.random(n)
	dgamma, dgv := s.random(n)
	dbeta, dbv := s.random(n)
	mu, rs := moments(v, n)
	wantX, wantG, wantB := sums(len(v)), sums(n), sums(n)
	for j := range n {
		wantG.add(j, dgv[j])
		wantB.add(j, dbv[j])
	}
	for r := range mu {
		mu[r], rs[r] = s.round(mu[r]), s.round(rs[r])
		hat, up := make([]float64, n), make([]float64, n)
		for i := range n {
			hat[i], up[i] = (v[r*n+i]-mu[r])*rs[r], dv[r*n+i]*gv[i]
			wantG.add(i, dv[r*n+i]*hat[i])
			wantB.add(i, dv[r*n+i])
		}
		mean, meanSize := dotProduct(up, repeat(rs[r]/float64(n), n))
		along, alongSize := dotProduct(up, hat)
		for i, h := range hat { // rstd·(g − mean(g) − x̂·mean(g·x̂))
			wantX.add(r*n+i, rs[r]*up[i])
			wantX.addSized(r*n+i, -mean, meanSize)
			wantX.addSized(r*n+i, -rs[r]*h*along/float64(n), rs[r]*math.Abs(h)*alongSize/float64(n))
		}
	}
	dx, alone := s.blank(shape...), s.blank(shape...)
	means, rstds := s.tensor(mu, len(mu)), s.tensor(rs, len(rs))
	s.b.LayerNormBackward(dx, dgamma, dbeta, x, gamma, dy, means, rstds, false)
	s.check(dx, wantX, "dx of %v from %v", shape, dtype)
	s.b.LayerNormBackward(alone, nil, nil, x, gamma, dy, means, rstds, false)
	s.check(alone, wantX, "dx of %v without dgamma and dbeta", shape)
	residual, rv := s.random(shape...)
	for i, v := range rv {
		wantX.add(i, v)
	}
	s.b.LayerNormBackward(residual, nil, nil, x, gamma, dy, means, rstds, true)
	s.check(residual, wantX, "dx of %v on top", shape)
	s.check(dgamma, wantG, "dgamma of %v", shape)
	s.check(dbeta, wantB, "dbeta of %v", shape)
}
