package enginetest

import "mien/engine"

var lossShapes = [][]int{{1}, {7}, {1, 5}, {7, 3}, {2, 3, 33}, {601, 203}}

func testMSE(s *suite) {
	for _, shape := range lossShapes {
		pred, p := s.random(shape...)
		target, t := s.random(shape...)
		want := sums(1)
		for i := range p {
			want.add(0, (p[i]-t[i])*(p[i]-t[i])/float64(len(p)))
		}
		loss := s.blank()
		s.b.MSE(loss, pred, target)
		s.check(loss, want, "loss of %v", shape)
		s.b.MSE(loss, pred, pred)
		s.check(loss, exactly([]float64{0}), "loss of %v and itself", shape)
	}
}

func testMSEBackward(s *suite) {
	const up = 0.75
	for _, shape := range lossShapes {
		pred, p := s.random(shape...)
		target, t := s.random(shape...)
		scale, want := 2*up/float64(engine.Elements(shape)), sums(len(p))
		for i := range p {
			want.add(i, scale*p[i])
			want.add(i, -scale*t[i])
		}
		dpred := s.blank(shape...)
		s.b.MSEBackward(dpred, pred, target, s.tensor([]float64{up}))
		s.check(dpred, want, "gradient of %v", shape)
	}
}
