package recipe

import "mien/data"

// How many views, samples and steps an epoch has.

// Batch returns the number of views in a batch of a modality.
func (r Recipe) Batch(m data.Modality) int {
	return data.ByModality(m, r.Train.ImageBatch, r.Train.VideoBatch)
}

// ViewsPerSample returns the number of views of each sample in a batch of a modality.
func (r Recipe) ViewsPerSample(m data.Modality) int {
	return data.ByModality(m, 1, r.Train.VideoRepeat)
}

// SamplesPerBatch returns the number of different samples in a batch of a modality.
func (r Recipe) SamplesPerBatch(m data.Modality) int { return r.Batch(m) / r.ViewsPerSample(m) }

// SamplesPerEpoch returns how many samples of a modality's set an epoch draws: its share of them.
func (r Recipe) SamplesPerEpoch(m data.Modality, samples int) float64 {
	return data.ByModality(m, r.Train.StaticShare, r.Train.DynamicShare) * float64(samples)
}

// Steps returns the number of full batches in what an epoch draws of a modality's set or, rounded up, its share of all batches, of which
// the last need not be full: as the released code counts them in fine-tuning and in pre-training.
func (r Recipe) Steps(m data.Modality, samples int) int {
	if r.Train.RoundUp {
		all := (samples + r.SamplesPerBatch(m) - 1) / r.SamplesPerBatch(m)
		return int(r.SamplesPerEpoch(m, all))
	}
	return int(r.SamplesPerEpoch(m, samples) / float64(r.SamplesPerBatch(m)))
}

// Samples returns the size of the set that an epoch draws from, given the samples in lists: those count data.list_repeat times, beside
// drawn faces. Where there are none of either modality, or a warm-up comes first, one of the two is all.
func (r Recipe) Samples(m data.Modality, lists map[data.Modality]int) int {
	drawn := data.ByModality(m, r.Data.DrawnImages, r.Data.DrawnVideos)
	listed := lists[m] * max(1, r.Data.ListRepeat)
	switch {
	case lists[data.Image]+lists[data.Video] == 0:
		return drawn
	case r.Train.DrawnEpochs > 0:
		return listed
	}
	return listed + drawn
}
