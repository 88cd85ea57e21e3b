package vit

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Positions name half of the blocks, rounded down, a share of them from the end, or the blocks themselves.
func TestBlocksAt(t *testing.T) {
	for _, c := range []struct {
		name  string
		depth int
		want  []int
	}{
		{"early", 12, []int{0, 1, 2, 3, 4, 5}}, {"middle", 12, []int{3, 4, 5, 6, 7, 8}}, {"later", 12, []int{6, 7, 8, 9, 10, 11}},
		{"alternate", 12, []int{1, 3, 5, 7, 9, 11}},
		{"early", 7, []int{0, 1, 2}}, {"middle", 7, []int{2, 3, 4}}, {"later", 7, []int{4, 5, 6}}, {"alternate", 7, []int{1, 3, 5}},
		{"early", 2, []int{0}}, {"middle", 2, []int{0}}, {"later", 2, []int{1}}, {"alternate", 2, []int{1}}, {"middle", 5, []int{1, 2}},
		{"last 1/4", 12, []int{9, 10, 11}}, {"last 1/4", 4, []int{3}}, {"last 3/4", 12, []int{3, 4, 5, 6, 7, 8, 9, 10, 11}}, {"last 3/4", 4, []int{1, 2, 3}},
		{"last 2/4", 6, []int{3, 4, 5}}, {"last 4/4", 4, []int{0, 1, 2, 3}}, {"last 1/1", 1, []int{0}}, {"last 2/3", 3, []int{1, 2}},
		{"part 1/3", 12, []int{0, 1, 2, 3}}, {"part 2/3", 12, []int{4, 5, 6, 7}}, {"part 3/3", 12, []int{8, 9, 10, 11}}, {"part 2/3", 3, []int{1}},
		{"part 2/2", 6, []int{3, 4, 5}}, {"part 1/1", 2, []int{0, 1}},
		{"all", 3, []int{0, 1, 2}}, {"all", 1, []int{0}}, {"1,2", 3, []int{1, 2}}, {"2, 0", 3, []int{0, 2}}, {"0", 1, []int{0}}, {"10,9", 12, []int{9, 10}}, {"9,3", 12, []int{3, 9}},
	} {
		got, err := BlocksAt(c.name, c.depth)
		require.NoError(t, err, "%+v", c)
		require.Equal(t, c.want, got, "%+v", c)
	}
}

func TestBlocksAtErrors(t *testing.T) {
	for _, c := range []struct {
		name  string
		depth int
		want  string
	}{
		{"late", 12, `"late": choose early, middle, later, alternate or all, a share such as "last 3/4" or "part 2/3", or name blocks, as in "1,2"`},
		{"last 1/4", 6, `"last 1/4": want a share of the 6 blocks that is a whole number of them, as in "last 1/6"`},
		{"last 5/4", 4, "want a share"}, {"last 0/4", 4, "want a share"}, {"last 1/0", 4, "want a share"}, {"last 3", 4, "want a share"},
		{"last -1/-4", 4, "want a share"}, {"last x/4", 4, "want a share"}, {"last 1/4 ", 4, "want a share"}, {"last", 4, "choose early"},
		{"part 1/4", 6, `"part 1/4": want one of several equal parts of the 6 blocks, as in "part 6/6", the last`},
		{"part 3/2", 4, "want one of several"}, {"part 0/2", 4, "want one of several"}, {"part 1/0", 4, "want one of several"}, {"part 1/8", 4, "want one of several"},
		{"part", 4, "choose early"},
		{"last 4611686018427387904/4611686018427387904", 4, "want a share"},
		{"", 12, `""`}, {"-1", 12, `"-1": choose`},
		{"1,1", 12, `"1,1": want different numbers of blocks, as in "1,2"`}, {"1,", 12, "want different numbers"},
		{"1;2", 12, "want different numbers"}, {"1,3", 3, `"1,3": the model has blocks 0 to 2`}, {"0,-1", 3, "blocks 0 to 2"}, {"later", 0, "0 blocks: choose 1 to 1024"}, {"later", 1025, "1025 blocks"}, {"0", -1, "-1 blocks"},
		{"later", 1, "half of the blocks are meant, and there is one: choose more blocks, all, or name block 0"},
	} {
		_, err := BlocksAt(c.name, c.depth)
		require.ErrorContains(t, err, c.want, "%+v", c)
	}
}
