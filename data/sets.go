package data

import "slices"

// Lists are the files that list samples, and the folders of the samples; "" means none.
type Lists struct {
	StaticList, StaticRoot   string
	DynamicList, DynamicRoot string
}

// Empty reports whether no list is given.
func (l Lists) Empty() bool { return l.StaticList == "" && l.DynamicList == "" }

// Sets is a set of images and one of videos; either may be nil.
type Sets struct{ Image, Video *Dataset }

// OpenLists reads the lists that are given, of labelled samples. See readList for their forms and errors.
func OpenLists(l Lists) (Sets, error) { return openLists(l, true) }

// OpenUnlabelled reads the lists that are given, which may have labels or none.
func OpenUnlabelled(l Lists) (Sets, error) { return openLists(l, false) }

func openLists(l Lists, labelled bool) (s Sets, err error) {
	if s.Image, err = readList(l.StaticList, l.StaticRoot, Image, labelled); err != nil {
		return Sets{}, err
	}
	if s.Video, err = readList(l.DynamicList, l.DynamicRoot, Video, labelled); err != nil {
		return Sets{}, err
	}
	return s, nil
}

// All returns the sets that are not nil, images first.
func (s Sets) All() []*Dataset {
	return slices.DeleteFunc([]*Dataset{s.Image, s.Video}, func(d *Dataset) bool { return d == nil })
}

// Of returns the set of a modality, nil if there is none.
func (s Sets) Of(m Modality) *Dataset { return ByModality(m, s.Image, s.Video) }

// Map returns what change makes of each set that is not nil.
func (s Sets) Map(change func(*Dataset) (*Dataset, error)) (Sets, error) {
	for _, d := range []**Dataset{&s.Image, &s.Video} {
		if *d == nil {
			continue
		}
		changed, err := change(*d)
		if err != nil {
			return s, err
		}
		*d = changed
	}
	return s, nil
}

// Cached keeps the decoded frames of both sets in memory, at size×size pixels, from which views are made. See Cache.
func (s Sets) Cached(memory *Budget, size int) Sets { return s.CachedApart(memory, size, size) }

// CachedApart is Cached with a size for images and one for videos.
func (s Sets) CachedApart(memory *Budget, image, video int) Sets {
	s, _ = s.Map(func(d *Dataset) (*Dataset, error) {
		size := ByModality(d.Modality, image, video)
		return Cache(d, memory, size, size), nil
	})
	return s
}
