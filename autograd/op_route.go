package autograd

import (
	"fmt"

	"mien/engine"
)

// Routing says which experts work on which tokens. A choice is one of a token's k experts; sorted by expert, choices
// are called slots. Everything belongs to the tape.
type Routing struct {
	K, Experts, Tokens int
	Choice             *Value         // [tokens, k], Int32: flat positions token·experts + expert
	Offsets            *engine.Tensor // [experts + 1], where each expert's slots begin
	Keep               *Value         // [tokens·k, 1], 0 for slots past the expert's capacity

	Slots   Rows // from tokens to slots: each slot has one token, each token k slots
	Order   Rows // from choices, token by token, to slots
	Choices Rows // from the flat scores [tokens·experts] to choices
}

// Priority says whose choices an expert takes where its capacity does not suffice for all.
type Priority uint8

const (
	ByToken  Priority = iota // those of the earlier tokens, as in S4D's released code
	ByChoice                 // first choices before second ones, of each those of the earlier tokens (V-MoE, algorithm 1)
	ByScore                  // first choices before second ones, of each those of tokens with a larger best score: batch
	// prioritized routing (V-MoE, algorithm 2)
)

// Route chooses for each row of scores [tokens, experts] the k experts with the largest scores, the lower number first
// among equals. Past capacity choices, an expert drops those without priority; 0 means no limit. The choice itself has no
// gradient; gradients flow through the gates.
func Route(scores *Value, k, capacity int, p Priority) *Routing {
	return RouteGroups(scores, k, capacity, 1, p)
}

// RouteGroups is Route where an expert has room for capacity choices of each of so many groups of consecutive tokens.
func RouteGroups(scores *Value, k, capacity, groups int, p Priority) *Routing {
	o := begin("Route", scores)
	tokens, experts := scores.data.Rows(), scores.Dim(-1)
	if k < 1 || k > experts {
		panic(&engine.ShapeError{Op: "Route", Got: k, Want: fmt.Sprintf("1 to %d experts a token", experts)})
	}
	if groups < 1 || tokens%groups != 0 {
		panic(&engine.ShapeError{Op: "Route", Got: groups, Want: fmt.Sprintf("groups of equal size of %d tokens", tokens)})
	}
	index := func(shape ...int) *engine.Tensor { return o.temp(engine.New(o.be, engine.Int32, shape...)) }
	n := tokens * k
	choice, slot, place, token, chosen := index(tokens, k), index(n, 1), index(tokens, k), index(n, 1), index(tokens*experts, 1)
	r := &Routing{K: k, Experts: experts, Tokens: tokens, Offsets: index(experts + 1),
		Choice: &Value{data: choice, tape: o.tape}, Keep: o.tape.Const(o.new(n, 1))}
	o.be.TopK(choice, scores.data)
	o.be.Route(engine.RouteArgs{Choice: choice, Slot: slot, Place: place, Token: token, Chosen: chosen, Offsets: r.Offsets,
		Keep: r.Keep.data, Order: o.order(scores, capacity, p), K: k, Experts: experts, Capacity: capacity, Group: tokens / groups})
	r.Slots = Rows{From: token, Back: place}
	r.Order = Rows{From: slot, Back: o.temp(place.View(n, 1))}
	r.Choices = Rows{From: o.temp(choice.View(n, 1)), Back: chosen}
	return r
}

// order returns the tokens [1, tokens] in the order in which experts take them, nil where that is their own or makes no difference.
func (o op) order(scores *Value, capacity int, p Priority) *engine.Tensor {
	if p == ByToken || capacity == 0 {
		return nil
	}
	tokens := scores.data.Rows()
	best := o.temp(o.new(1, tokens))
	if p == ByScore {
		first := o.temp(engine.New(o.be, engine.Int32, tokens, 1)) // choice
		o.be.TopK(first, scores.data)
		o.be.Gather(o.temp(best.View(tokens, 1)), o.temp(scores.data.View(scores.data.Len(), 1)), first, false)
	} else {
		o.be.Fill(best, 0) // equals keep their order
	}
	order := o.temp(engine.New(o.be, engine.Int32, 1, tokens))
	o.be.TopK(order, best)
	return order
}

// Chosen returns what values [tokens, experts] say of each token's k choices: [tokens, k].
//
// The gradient flows to the chosen values alone.
func Chosen(values *Value, r *Routing) *Value {
	flat := Reshape(values, r.Tokens*r.Experts, 1)
	return Reshape(Gather(flat, r.Choices), r.Tokens, r.K)
}

// Gates returns the softmax of each token's k chosen scores [tokens, k]: S4D equation 6, as the scores that were not
// chosen count as −∞.
func Gates(scores *Value, r *Routing) *Value { return Softmax(Chosen(scores, r)) }

// Dispatch copies tokens [tokens, width] into slots [tokens·k, width], ordered by expert.
//
// dx of a token = Σ dy of its slots
func Dispatch(x *Value, r *Routing) *Value { return Gather(Reshape(x, r.Tokens, x.Dim(-1)), r.Slots) }

// Combine adds each token's slots, weighted by its gates: S4D equation 7.
//
// dslots = gate·dy, dgates = slot·dy
func Combine(slots, gates *Value, r *Routing) *Value {
	weight := Mul(Gather(Reshape(gates, r.Tokens*r.K, 1), r.Order), r.Keep)
	return Gather(Mul(slots, weight), r.Slots.Transposed())
}
