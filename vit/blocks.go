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
// block). A single block has no half. "last 3/4" names another share of the blocks, the last ones, "part 2/3" the second of three parts of
// as many blocks, and a list of block numbers, as in "1,2", any of them.
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
	case strings.HasPrefix(position, "part "):
		return partOfBlocks(position, depth)
	case !known:
		return nil, fmt.Errorf("%q: choose early, middle, later, alternate or all, a share such as \"last 3/4\" or \"part 2/3\", or name blocks, as in \"1,2\"", position)
	case half == 0:
		return nil, errors.New("half of the blocks are meant, and there is one: choose more blocks, all, or name block 0")
	case position == "alternate":
		step = 2
	}
	return blocksFrom(first, half, step), nil
}

// blocksFrom lists n blocks, step apart.
func blocksFrom(first, n, step int) []int {
	blocks := make([]int, n)
	for i := range blocks {
		blocks[i] = first + i*step
	}
	return blocks
}

// lastBlocks parses a share of the blocks, as in "last 3/4", which must be a whole number of them.
func lastBlocks(position string, depth int) ([]int, error) {
	a, b, ok := fraction(strings.TrimPrefix(position, "last "))
	if !ok || a*depth%b != 0 {
		return nil, fmt.Errorf("%q: want a share of the %d blocks that is a whole number of them, as in \"last 1/%d\"", position, depth, depth)
	}
	n := a * depth / b
	return blocksFrom(depth-n, n, 1), nil
}

// partOfBlocks parses one of several equal parts of the blocks, as in "part 2/3", the second of three.
func partOfBlocks(position string, depth int) ([]int, error) {
	a, b, ok := fraction(strings.TrimPrefix(position, "part "))
	if !ok || depth%b != 0 {
		return nil, fmt.Errorf("%q: want one of several equal parts of the %d blocks, as in \"part %d/%[2]d\", the last", position, depth, depth)
	}
	n := depth / b
	return blocksFrom((a-1)*n, n, 1), nil
}

// fraction parses a/b of 0 < a ≤ b.
func fraction(text string) (a, b int, ok bool) {
	part, whole, _ := strings.Cut(text, "/")
	a, err := strconv.Atoi(part)
	b, err2 := strconv.Atoi(whole)
	return a, b, cmp.Or(err, err2) == nil && a >= 1 && a <= b && b <= MaxDepth
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
