package autograd

import (
	"fmt"

	"mien/engine"
)

// Routing says which experts work on which tokens. A choice is one of a token's k experts; sorted by expert, choices
// are called slots. The tensors are int32 and belong to the tape.
type Routing struct {
	K, Experts, Tokens int
	Choice             *Value         // [tokens, k], int32: flat positions token·experts + expert
	Slot               *engine.Tensor // [tokens·k], the choice of each slot
	Token              *engine.Tensor // [tokens·k], the token of each slot
	Offsets            *engine.Tensor // [experts + 1], where each expert's slots begin
	Keep               *Value         // [tokens·k, 1], 0 for slots past the expert's capacity
}

// Route chooses for each row of scores [tokens, experts] the k experts with the largest scores, the lower number first
// among equals. Past capacity choices, an expert drops the later tokens; 0 means no limit. The choice itself has no
// gradient: it flows through the gates.
func Route(scores *Value, k, capacity int) *Routing {
	o := begin("Route", scores)
	tokens, experts := scores.data.Rows(), scores.Dim(-1)
	if k < 1 || k > experts {
		panic(&engine.ShapeError{Op: "Route", Got: k, Want: fmt.Sprintf("1 to %d experts a token", experts)})
	}
	index := func(shape ...int) *engine.Tensor { return o.temp(engine.New(o.be, engine.Int32, shape...)) }
	r := &Routing{K: k, Experts: experts, Tokens: tokens,
		Choice: o.tape.Const(engine.New(o.be, engine.Int32, tokens, k)), Slot: index(tokens * k), Token: index(tokens * k), Offsets: index(experts + 1)}
	keep := o.new(tokens*k, 1)
	o.be.TopK(r.Choice.data, scores.data)
	o.be.Route(engine.RouteArgs{Choice: r.Choice.data, Slot: r.Slot, Token: r.Token, Offsets: r.Offsets, Keep: keep,
		K: k, Experts: experts, Capacity: capacity})
	r.Keep = o.tape.Const(keep)
	return r
}

// Gates returns the softmax of each token's k chosen scores [tokens, k]: S4D equation 6, as the scores that were not
// chosen count as −∞.
//
// The gradient flows to the chosen scores alone.
func Gates(scores *Value, r *Routing) *Value {
	flat := Reshape(scores, r.Tokens*r.Experts, 1)
	return Softmax(Reshape(Gather(flat, r.Choice.data), r.Tokens, r.K))
}

// Dispatch copies tokens [tokens, width] into slots [tokens·k, width], ordered by expert.
//
// dx of a token = Σ dy of its slots
func Dispatch(x *Value, r *Routing) *Value {
	return Gather(Reshape(x, r.Tokens, x.Dim(-1)), r.Token)
}

// Combine adds each token's slots, weighted by its gates: S4D equation 7.
//
// dslots = gate·dy, dgates = slot·dy
func Combine(slots, gates *Value, r *Routing) *Value {
	weight := Mul(Gather(Reshape(gates, r.Tokens*r.K, 1), r.Slot), r.Keep)
	return Scatter(Mul(slots, weight), r.Token, r.Tokens)
}
