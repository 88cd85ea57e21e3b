package vit

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// BlocksAt returns the blocks that a position names: "all", or half of them, "early", "middle", "later" or "alternate" (every second
// block). A single block has no half. "last 3/4" names another share of the blocks, the last ones, and a list of block numbers, as in
// "1,2", any of them.
//
// Of twelve blocks, S4D says only that early and later are the first and the last six (section IV-D6): that middle are 3 to 8, and
// alternate those with odd numbers, is the choice of mien.
func BlocksAt(position string, depth int) ([]int, error) {
	half, step := depth/2, 1
	first, known := map[string]int{"early": 0, "middle": (depth - half) / 2, "later": depth - half, "alternate": 1}[position]
	switch {
	case depth < 1 || depth > MaxDepth:
		return nil, fmt.Errorf("%d blocks: choose 1 to %d", depth, MaxDepth)
	case position == "all":
		return lastBlocks("last 1/1", depth)
	case position != "" && position[0] >= '0' && position[0] <= '9':
		return numbered(position, depth)
	case strings.HasPrefix(position, "last "):
		return lastBlocks(position, depth)
	case !known:
		return nil, fmt.Errorf("%q: choose early, middle, later, alternate or all, a share such as \"last 3/4\", or name blocks, as in \"1,2\"", position)
	case half == 0:
		return nil, errors.New("half of the blocks are meant, and there is one: choose more blocks, all, or name block 0")
	case position == "alternate":
		step = 2
	}
	blocks := make([]int, half)
	for i := range blocks {
		blocks[i] = first + i*step
	}
	return blocks, nil
}

// lastBlocks parses a share of the blocks, as in "last 3/4", which must be a whole number of them.
func lastBlocks(position string, depth int) ([]int, error) {
	part, whole, _ := strings.Cut(strings.TrimPrefix(position, "last "), "/")
	a, err := strconv.Atoi(part)
	b, err2 := strconv.Atoi(whole)
	if cmp.Or(err, err2) != nil || a < 1 || a > b || b > MaxDepth || a*depth%b != 0 {
		return nil, fmt.Errorf("%q: want a share of the %d blocks that is a whole number of them, as in \"last 1/%d\"", position, depth, depth)
	}
	first := depth - a*depth/b
	blocks := make([]int, depth-first)
	for i := range blocks {
		blocks[i] = first + i
	}
	return blocks, nil
}

// numbered parses a list of distinct blocks.
func numbered(list string, depth int) (blocks []int, err error) {
	for _, field := range strings.Split(list, ",") {
		b, err := strconv.Atoi(strings.TrimSpace(field))
		switch {
		case err != nil || slices.Contains(blocks, b):
			return nil, fmt.Errorf("%q: want different numbers of blocks, as in \"1,2\"", list)
		case b < 0 || b >= depth:
			return nil, fmt.Errorf("%q: the model has blocks 0 to %d", list, depth-1)
		}
		blocks = append(blocks, b)
	}
	slices.Sort(blocks)
	return blocks, nil
}
