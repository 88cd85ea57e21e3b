package main

import (
	"fmt"

	"mien/data"
	"mien/infer"
)

// rename renames the classes of one head: the head with as many classes, or the one given by --head.
func (c *predictCmd) rename(m *infer.Model) error {
	if len(c.Labels) == 0 {
		if c.Head != "" {
			return usagef("--head says which head --labels is for: give --labels, too")
		}
		return nil
	}
	var fitting []data.Modality
	for _, h := range []data.Modality{data.Image, data.Video} {
		if m.Net.Classes(h) == len(c.Labels) && (c.Head == "" || c.Head == string(h)) {
			fitting = append(fitting, h)
		}
	}
	switch len(fitting) {
	case 0:
		return fmt.Errorf("--labels names %d classes: the model's heads have %d (image) and %d (video)", len(c.Labels), m.Net.Classes(data.Image), m.Net.Classes(data.Video))
	case 2:
		return fmt.Errorf("--labels names %d classes, and both heads have as many: say which one with --head image or --head video", len(c.Labels))
	}
	m.Labels[fitting[0]] = c.Labels
	return nil
}
