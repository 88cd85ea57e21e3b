package data

// Lists are the files that list samples, and the folders of the samples; "" means none.
type Lists struct {
	StaticList, StaticRoot   string
	DynamicList, DynamicRoot string
}

// Empty reports whether no list is given.
func (l Lists) Empty() bool { return l.StaticList == "" && l.DynamicList == "" }

// Sets is a set of images and one of videos; either may be nil.
type Sets struct{ Image, Video Dataset }

// OpenLists reads the lists that are given. See ReadStaticList and ReadDynamicList for their errors.
func OpenLists(l Lists) (s Sets, err error) {
	if l.StaticList != "" {
		if s.Image, err = ReadStaticList(l.StaticList, l.StaticRoot); err != nil {
			return Sets{}, err
		}
	}
	if l.DynamicList != "" {
		if s.Video, err = ReadDynamicList(l.DynamicList, l.DynamicRoot); err != nil {
			return Sets{}, err
		}
	}
	return s, nil
}

// All returns the sets that are not nil, images first.
func (s Sets) All() []Dataset {
	var all []Dataset
	for _, d := range []Dataset{s.Image, s.Video} {
		if d != nil {
			all = append(all, d)
		}
	}
	return all
}

// Of returns the set of a modality, nil if there is none.
func (s Sets) Of(m Modality) Dataset { return ByModality(m, s.Image, s.Video) }

// Cached keeps the decoded frames of both sets in memory, at size×size pixels, from which views are cropped. See Cache.
func (s Sets) Cached(memory *Budget, size int) Sets {
	for _, d := range []*Dataset{&s.Image, &s.Video} {
		if *d != nil {
			*d = Cache(*d, memory, size, size)
		}
	}
	return s
}
