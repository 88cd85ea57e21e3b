package moae

import (
	ag "mien/autograd"
	"mien/engine"
)

// Losses that keep a router from sending all tokens to a few experts.

// balance is the sum of the losses of a pass with coefficients that are not 0, scaled by them; nil if there are none. Importance and load
// are those in each of the groups.
func (l *Layer) balance(s Scores, ranked *ag.Value, r *ag.Routing, batch, groups int) (sum *ag.Value) {
	add := func(coefficient float64, loss func() *ag.Value) {
		if coefficient == 0 {
			return
		}
		term := ag.Scale(loss(), coefficient)
		if sum != nil {
			term = ag.Add(sum, term)
		}
		sum = term
	}
	add(l.Balance, func() *ag.Value { return BalanceLoss(ranked, r, batch) })
	add(l.Importance, func() *ag.Value { return ImportanceLoss(s.Clean, groups) })
	if s.Deviation != nil {
		add(l.Load, func() *ag.Value { return LoadLoss(s, r, groups) })
	}
	return sum
}

// BalanceLoss is the loss of S4D's released code: n² times the mean over samples and experts of the fraction of a
// sample's tokens that chose the expert, times the expert's mean score. scores, those that experts were chosen by, are
// [batch·tokens, experts].
//
// The released code takes raw scores, and of them the loss is unbounded below: it falls as all scores do together, through the biases of
// the router, and balances nothing by that. Of probabilities, which SoftmaxFirst makes of the scores, it is the loss of GShard and of the
// Switch Transformer (Fedus et al. 2022, equation 4), with k choices in place of one, which is k where tokens are spread evenly.
// [ImportanceLoss] and [LoadLoss] balance either router.
func BalanceLoss(scores *ag.Value, r *ag.Routing, batch int) *ag.Value {
	t, dtype := scores.Tape(), scores.Data().DType()
	tokens := r.Tokens / batch
	ones := t.Const(engine.Filled(t.Backend(), dtype, 1, r.Tokens*r.K, 1))
	chosen := ag.Reshape(ag.Gather(ones, r.Choices.Transposed()), batch, tokens, r.Experts)
	fraction := ag.MeanAxis(chosen, 1)
	score := ag.MeanAxis(ag.Reshape(scores, batch, tokens, r.Experts), 1)
	return ag.Scale(ag.Mean(ag.Mul(fraction, score)), float64(r.Experts*r.Experts))
}

// ImportanceLoss is the squared coefficient of variation of the experts' importance (V-MoE appendix A.2, after Shazeer et al. 2017): that
// of an expert is the sum over tokens of softmax(x·W_g). It is 0 where all are equally important, and n − 1 where one is all that counts.
// clean are scores without noise, [tokens, experts]. The loss is the mean over so many groups of consecutive tokens, as in V-MoE's code:
// its groups are what an expert has its capacity in, too.
func ImportanceLoss(clean *ag.Value, groups int) *ag.Value {
	return variation(meanInGroups(ag.Softmax(clean), groups))
}

// LoadLoss is the squared coefficient of variation of the experts' load (V-MoE appendix A.2): that of an expert is the sum over tokens of
// the probability p that it would be chosen if its noise were drawn again, a smooth form of the number of tokens that choose it. With t
// the k-th largest noisy score of the token, p = Φ((x·W_g − t)/σ). Shazeer et al. 2017 (appendix A) leave the expert itself out of t.
// The loss is the mean over groups, as of ImportanceLoss.
func LoadLoss(s Scores, r *ag.Routing, groups int) *ag.Value {
	least := ag.Slice(ag.Chosen(s.Noisy, r), 1, r.K-1, r.K)        // [tokens, 1]
	p := ag.NormalCDF(ag.Div(ag.Sub(s.Clean, least), s.Deviation)) // [tokens, n]
	return variation(meanInGroups(p, groups))
}

// meanInGroups returns the mean of x [tokens, n] over each of so many groups of consecutive tokens, [groups, n].
func meanInGroups(x *ag.Value, groups int) *ag.Value {
	return ag.MeanAxis(ag.Reshape(x, groups, x.Dim(0)/groups, x.Dim(1)), 1)
}

// variation returns the mean of (σ/µ)² over the rows of x [groups, n], with the variance over n: the mean of (x/µ − 1)².
func variation(x *ag.Value) *ag.Value {
	t := x.Tape()
	ones := t.Const(engine.Filled(t.Backend(), x.Data().DType(), 1, x.Shape()...))
	mean := ag.Reshape(ag.MeanAxis(x, 1), x.Dim(0), 1)
	return ag.MSE(ag.Div(x, mean), ones)
}
