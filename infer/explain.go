package infer

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	ag "mien/autograd"
	"mien/data"
	"mien/engine"
	"mien/system"
)

// What a model looks at, for figures: attention and the routing of tokens to experts.

// Trace is what happens inside a model while it classifies one view of a sample. Patches are numbered as tokens: time, row, column.
type Trace struct {
	View          data.View
	Probabilities []float64 // of the classes
	Times         int       // slices of patches, of Tubelet frames each
	Rows          int       // of patches, as many as columns
	Last          []float64 // [patches] attention that a patch receives in the last block, the mean over heads and what the head reads; sums to 1
	Rollout       []float64 // [patches] share of a patch in what the head reads, traced back through the attention of all blocks; sums to 1
	Routes        [][]int32 // [block with experts][patch·k] the experts that work on a patch, the most certain first; nil without
	Blocks        []int     // that have experts
}

// Trace classifies one view, as Views returns it, and says what the model attends to.
func (m *Model) Trace(ctx context.Context, view data.View, modality data.Modality) (l Trace, err error) {
	if err := m.Answers(modality); err != nil {
		return l, err
	}
	key := engine.Key{Seed: m.Recipe.Seed, Stream: data.StreamID("evaluation", 0)} // of all that is shown
	probabilities, attention, err := m.attention(view, modality, key)
	if err != nil {
		return l, err
	}
	if len(attention) == 0 {
		return l, fmt.Errorf("system %s computes no attention to look at", m.System.Name)
	}
	e := m.Recipe.Model
	l = Trace{View: view, Probabilities: probabilities, Rows: e.ImageSize / e.PatchSize}
	l.look(attention, m.System.ClassTokens)
	l.Times = len(l.Last) / (l.Rows * l.Rows)
	if l.Routes, err = m.routes([]data.View{view}, modality, key); err != nil {
		return l, err
	}
	if l.Routes != nil {
		l.Blocks = m.Net.(system.Sparse).ExpertBlocks()
	}
	return l, ctx.Err()
}

// attentionMap is the attention of a block, the mean over its heads, in each sequence of tokens that attend to each other: the whole sample,
// or one of its frames.
type attentionMap struct {
	queries int       // of a sequence, its first tokens, which attend: all, or the class token alone
	tokens  int       // of a sequence
	p       []float32 // [sequences, queries, tokens]
}

// of returns the map of one sequence.
func (a attentionMap) of(sequence int) attentionMap {
	n := a.queries * a.tokens
	return attentionMap{a.queries, a.tokens, a.p[sequence*n : (sequence+1)*n]}
}

// look fills the shares of patches. Where sequences begin with class tokens, the head reads the mean of these, and else the mean of all
// tokens. What joins frames otherwise than by attention is not traced.
func (l *Trace) look(maps []attentionMap, classTokens bool) {
	n := maps[0].tokens
	read, sequences := uniform(n), len(maps[0].p)/(maps[0].queries*n)
	if classTokens {
		clear(read)
		read[0] = 1
	}
	for i := range sequences {
		var one []attentionMap
		for _, a := range maps {
			one = append(one, a.of(i))
		}
		l.Last = append(l.Last, ofPatches(received(one[len(one)-1], read), classTokens, sequences)...)
		l.Rollout = append(l.Rollout, ofPatches(rollout(one, read), classTokens, sequences)...)
	}
}

// ofPatches leaves out the share of the class token, if there is one, so that the others sum to 1 again, and divides them by the number of
// sequences.
func ofPatches(shares []float64, classTokens bool, sequences int) []float64 {
	total := 1.0
	if classTokens {
		shares, total = shares[1:], 0
		for _, s := range shares {
			total += s
		}
	}
	for i := range shares {
		shares[i] /= total * float64(sequences)
	}
	return shares
}

// attention classifies a view and returns the map of each block.
func (m *Model) attention(view data.View, modality data.Modality, key engine.Key) (probabilities []float64, maps []attentionMap, err error) {
	defer engine.Catch(&err)
	t := ag.NewInferenceTape(m.backend, m.Precision)
	defer t.Close()
	var failed error
	rows := m.Recipe.Model.ImageSize / m.Recipe.Model.PatchSize
	t.Attended = func(p *ag.Value) {
		if m.System.ClassTokens && (p.Dim(0) != view.T || p.Dim(3) != 1+rows*rows) {
			return // of an adapter, between the frames of a patch
		}
		mean, err := engine.Read[float32](ag.MeanAxis(p, 1).Data()) // [sequences, queries, tokens]
		maps = append(maps, attentionMap{queries: p.Dim(2), tokens: p.Dim(3), p: mean})
		failed = cmp.Or(failed, err)
	}
	b := &system.Batch{Modality: modality, Views: []data.View{view}}
	logits, err := engine.Read[float64](m.Net.Logits(b.Pixels(t), modality, key).Data())
	if err := cmp.Or(err, failed); err != nil {
		return nil, nil, err
	}
	probabilities = make([]float64, len(logits))
	addSoftmax(probabilities, logits, 1)
	return probabilities, maps, nil
}

// received returns what reaches each token if the tokens attend with the given weights: weights·P. Tokens that do not attend have none.
func received(a attentionMap, weights []float64) []float64 {
	out := make([]float64, a.tokens)
	for i, w := range weights[:a.queries] {
		for j, p := range a.p[i*a.tokens : (i+1)*a.tokens] {
			out[j] += w * float64(p)
		}
	}
	return out
}

// rollout is attention rollout (Abnar & Zuidema 2020, equation 1): attention and the residual beside it, half each, multiplied
// through all blocks. The head reads one mean of tokens, so only its row is carried, from the last block down to the first.
func rollout(maps []attentionMap, read []float64) []float64 {
	share := slices.Clone(read)
	for _, a := range slices.Backward(maps) {
		for i, r := range received(a, share) {
			share[i] = (share[i] + r) / 2
		}
	}
	return share
}

// uniform returns n equal shares of 1.
func uniform(n int) []float64 { return slices.Repeat([]float64{1 / float64(n)}, n) }

// Moment is what a model says of one window of a video.
type Moment struct {
	data.Window
	Probabilities []float64
}

// Timeline classifies the windows of a video one by one: as many different ones as there are, but at most so many, evenly spread.
func (m *Model) Timeline(ctx context.Context, sample data.Sample, most int) (all []Moment, err error) {
	if err := m.Answers(data.Video); err != nil {
		return nil, err
	}
	n, frames, stride := sample.Len(), m.Recipe.Model.Frames, m.Recipe.Data.Stride
	for i, w := range data.Windows(n, frames, stride, min(data.Starts(n, frames, stride), most)) {
		views, err := m.read(ctx, sample, data.Video, []data.Window{w})
		if err != nil {
			return nil, err
		}
		results, err := m.judge(data.Video, [][]data.View{views}, i)
		if err = cmp.Or(err, ctx.Err()); err != nil {
			return nil, err
		}
		all = append(all, Moment{w, results[0]})
	}
	return all, nil
}
