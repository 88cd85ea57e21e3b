package data

import "slices"

// Order returns the modality of each step of an epoch: as many as there are batches of each, in an order drawn from the seed
// and the epoch. Every step uses one modality.
func Order(images, videos int, seed uint64, epoch int) []Modality {
	order := slices.Concat(slices.Repeat([]Modality{Image}, images), slices.Repeat([]Modality{Video}, videos))
	Stream(seed, "order", epoch).Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	return order
}

// Draw returns the samples of an epoch, n of a set of total: without replacement until all are used, then from a new shuffle.
// Every epoch has its own draw.
func Draw(n, total int, seed uint64, purpose string, epoch int) []int {
	rng := Stream(seed, purpose, epoch)
	var samples []int
	for len(samples) < n {
		samples = append(samples, rng.Perm(total)...)
	}
	return samples[:n]
}

// DrawBalanced returns n of the items such that each class is equally likely, with replacement: how the static set is drawn
// in the released code.
func DrawBalanced(n int, items []Item, seed uint64, purpose string, epoch int) []int {
	rng := Stream(seed, purpose, epoch)
	byClass := map[int][]int{}
	var classes []int
	for i, item := range items {
		if byClass[item.Label] == nil {
			classes = append(classes, item.Label)
		}
		byClass[item.Label] = append(byClass[item.Label], i)
	}
	samples := make([]int, n)
	for i := range samples {
		members := byClass[classes[rng.IntN(len(classes))]]
		samples[i] = members[rng.IntN(len(members))]
	}
	return samples
}
