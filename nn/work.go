package nn

import ag "mien/autograd"

// Work counts the multiply-adds of layers, called in the order in which data pass through them: of the forward pass, and of the backward
// pass for the parameters that are not frozen. A gradient flows only as far back as the first of them.
type Work struct {
	Forward, Backward int
	flows             bool // data so far depend on parameters that are learned
}

// Learns has data depend on parameters whose own gradients cost no products: biases, norms, tokens.
func (w *Work) Learns(parameters ...*ag.Value) {
	for _, p := range parameters {
		w.flows = w.flows || p != nil && p.NeedsGrad()
	}
}

// Product counts a product with a weight, of so many multiply-adds. Its backward pass has one as large for each operand that needs a
// gradient.
func (w *Work) Product(macs int, weight *ag.Value) {
	w.Forward += macs
	if w.flows {
		w.Backward += macs
	}
	if weight.NeedsGrad() {
		w.Backward += macs
		w.flows = true
	}
}

// Linear counts a linear layer on so many rows.
func (w *Work) Linear(rows int, l *Linear) {
	w.Product(rows*l.Weight.Data().Len(), l.Weight)
	w.Learns(l.Bias)
}

// Mix counts products of two operands that both come from the data, such as those of attention.
func (w *Work) Mix(macs int) {
	w.Forward += macs
	if w.flows {
		w.Backward += 2 * macs
	}
}
