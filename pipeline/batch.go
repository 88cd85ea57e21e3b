package pipeline

import (
	"mien/data"
	"mien/infer"
)

// batch gathers what one head is to read. Full ones are read at once.
type batch struct {
	p     *Pipeline
	head  data.Modality
	views []data.View
	to    []*Reading
}

// batchSizes are the numbers of views of a batch: more are hardly faster, and take memory.
var batchSizes = map[data.Modality]int{data.Image: 8, data.Video: 2}

// batch returns an empty one, nil if the model does not have the head.
func (p *Pipeline) batch(head data.Modality) *batch {
	if p.model.Answers(head) != nil {
		return nil
	}
	return &batch{p: p, head: head}
}

// add has a view be read, by the next call of read at the latest.
func (b *batch) add(seen data.View, to *Reading) error {
	b.views, b.to = append(b.views, seen), append(b.to, to)
	if len(b.views) < batchSizes[b.head] {
		return nil
	}
	return b.read()
}

// read reads what is left.
func (b *batch) read() error {
	if b == nil || len(b.views) == 0 {
		return nil
	}
	results, err := b.p.model.Classify(b.head, b.views)
	if err != nil {
		return err
	}
	for i, probabilities := range results {
		*b.to[i] = newReading(b.head, b.p.model.Labels[b.head], probabilities)
	}
	b.views, b.to = b.views[:0], b.to[:0]
	return nil
}

func newReading(head data.Modality, labels []string, probabilities []float64) Reading {
	top := infer.Argmax(probabilities)
	return Reading{head, labels[top], labels, probabilities}
}
