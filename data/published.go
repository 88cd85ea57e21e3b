package data

import "slices"

// What the papers and the released lists say about their datasets, to compare one's own copy with.

// PublishedSet is a list of a dataset as published.
type PublishedSet struct {
	Name     string // as on the command line: dfew-fd1-train
	Modality Modality
	Samples  int
	Counts   []int // by class, in the order of Classes; nil where only their sum is known
	Classes  []string
}

// published are the lists that the S4D papers train and test on. Sizes are those of the lists in the released code, where it
// has them (DFEW and MAFW are divided into five folds), and those of the datasets' papers otherwise.
var published = []PublishedSet{
	{"affectnet7-test", Image, 3267, []int{471, 457, 473, 458, 469, 469, 470}, AffectNet7},                       // of 3,500 official ones
	{"affectnet7-train", Image, 283_901, []int{74_874, 134_415, 25_459, 14_090, 6378, 3803, 24_882}, AffectNet7}, // of which S4D took a part
	{"affectnet8-train", Image, 287_568, nil, AffectNet8},                                                        // for pre-training
	{"dfew-fd1-train", Video, 9356, []int{1956, 1515, 2135, 1738, 1175, 116, 721}, DFEW},
	{"dfew-fd1-test", Video, 2341, []int{489, 379, 534, 435, 294, 29, 181}, DFEW},
	{"dfew-fd2-train", Video, 9356, nil, DFEW},
	{"dfew-fd2-test", Video, 2341, nil, DFEW},
	{"dfew-fd3-train", Video, 9357, nil, DFEW},
	{"dfew-fd3-test", Video, 2340, nil, DFEW},
	{"dfew-fd4-train", Video, 9358, nil, DFEW},
	{"dfew-fd4-test", Video, 2339, nil, DFEW},
	{"dfew-fd5-train", Video, 9361, nil, DFEW},
	{"dfew-fd5-test", Video, 2336, nil, DFEW},
	{"ferv39k-train", Video, 31_088, nil, FERV39K},
	{"ferv39k-test", Video, 7847, []int{1487, 467, 431, 1473, 1958, 1393, 638}, FERV39K},
	{"mafw-set1-train", Video, 7333, nil, MAFW},
	{"mafw-set1-test", Video, 1839, nil, MAFW},
	{"mafw-set2-train", Video, 7335, nil, MAFW},
	{"mafw-set2-test", Video, 1837, nil, MAFW},
	{"mafw-set3-train", Video, 7339, nil, MAFW},
	{"mafw-set3-test", Video, 1833, nil, MAFW},
	{"mafw-set4-train", Video, 7340, nil, MAFW},
	{"mafw-set4-test", Video, 1832, nil, MAFW},
	{"mafw-set5-train", Video, 7341, nil, MAFW},
	{"mafw-set5-test", Video, 1831, nil, MAFW},
	{"voxceleb2-train", Video, 1_092_009, nil, nil}, // for pre-training, without labels
}

// PublishedNames lists the names that Published knows.
func PublishedNames() (names []string) {
	for _, p := range published {
		names = append(names, p.Name)
	}
	return names
}

// Published returns the published numbers of a list.
func Published(name string) (p PublishedSet, ok bool) {
	i := slices.IndexFunc(published, func(p PublishedSet) bool { return p.Name == name })
	if i < 0 {
		return p, false
	}
	return published[i], true
}
