package data

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// writtenList writes a list and returns its path.
func writtenList(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	return path
}

// people lists images of n people, and videos of all but the first, with two lines for each.
func people(t *testing.T, n int) Lists {
	static, dynamic := "# faces\n", "video_name,label\n"
	for i := range n {
		static += fmt.Sprintf("happy/%02d.png 1\nsad/%02d.png 2\n", i, i)
		if i > 0 {
			dynamic += fmt.Sprintf("%02d_b,2\n%02d_a,3\n", i, i)
		}
	}
	return Lists{StaticList: writtenList(t, "static.txt", static), DynamicList: writtenList(t, "dynamic.csv", dynamic)}
}

// Each sample is tested in one fold and learned from in all others, under the header of its list; a person is in one fold, in images
// and in videos.
func TestSplitListsByGroup(t *testing.T) {
	folds, err := SplitLists(people(t, 7), 3, regexp.MustCompile(`([0-9]+)`), 5)
	require.NoError(t, err)
	require.Len(t, folds, 3)
	tested := map[string]int{}
	for i, f := range folds {
		for m, head := range map[Modality]string{Image: "# faces\n", Video: "video_name,label\n"} {
			require.True(t, strings.HasPrefix(string(f.Test[m]), head))
			require.True(t, strings.HasPrefix(string(f.Train[m]), head))
			person := regexp.MustCompile(`[0-9]{2}`)
			learned := person.FindAllString(string(f.Train[m]), -1)
			for _, p := range person.FindAllString(string(f.Test[m]), -1) {
				require.NotContains(t, learned, p)
				if home, ok := tested[p]; ok {
					require.Equal(t, home, i, "person %s", p)
				}
				tested[p] = i
			}
			require.Len(t, append(person.FindAllString(string(f.Test[m]), -1), learned...), ByModality(m, 14, 12))
		}
	}
	require.Len(t, tested, 7)
	again, err := SplitLists(people(t, 7), 3, regexp.MustCompile(`[0-9]+`), 5)
	require.NoError(t, err)
	require.Equal(t, folds, again, "the parenthesis is all of it")
	again, err = SplitLists(people(t, 7), 3, regexp.MustCompile(`([0-9]+)(.)`), 5)
	require.NoError(t, err)
	require.Equal(t, folds, again, "the first parenthesis counts")
	other, err := SplitLists(people(t, 7), 3, regexp.MustCompile(`[0-9]+`), 6)
	require.NoError(t, err)
	require.NotEqual(t, folds, other)
}

// Without groups, folds have the classes in equal shares, and a sample that is listed twice is in one fold.
func TestSplitListsByLine(t *testing.T) {
	list := "path,label,by\n"
	for i := range 24 {
		list += fmt.Sprintf("%d.png,%d,\"of\ntwo lines\"\n# after %d\n", i, 4*(i%4/3), i)
	}
	list += "5.png,0,nobody" // without a newline at its end
	folds, err := SplitLists(Lists{StaticList: writtenList(t, "list.csv", list)}, 3, nil, 0)
	require.NoError(t, err)
	lines := 0
	for _, f := range folds {
		test, err := readList(writtenList(t, "test.csv", string(f.Test[Image])), "", Image, true)
		require.NoError(t, err)
		train, err := readList(writtenList(t, "train.csv", string(f.Train[Image])), "", Image, true)
		require.NoError(t, err)
		require.Equal(t, 25, len(test.Items)+len(train.Items))
		count := func(label int) (n int) {
			for _, item := range test.Items {
				if item.Label == label {
					n++
				}
			}
			return n
		}
		require.Equal(t, 2, count(4), "of six")
		require.InDelta(t, 6, count(0), 1.1)
		twice := func(item Item) bool { return item.Name == "5.png" }
		require.NotEqual(t, slices.ContainsFunc(test.Items, twice), slices.ContainsFunc(train.Items, twice))
		lines += len(test.Items)
		require.Nil(t, f.Test[Video])
	}
	require.Equal(t, 25, lines)
}

// Without groups, each fold has the share of each class of images and of videos that it would have of a list of these alone.
func TestFoldsHaveEqualShares(t *testing.T) {
	sizes := map[Modality][2]int{Image: {9, 6}, Video: {3, 12}} // of two classes
	var lists Lists
	for m, of := range sizes {
		list := ""
		for i, n := 0, of[0]+of[1]; i < n; i++ {
			list += fmt.Sprintf("%d,%d\n", i, (i+1)*of[1]/n-i*of[1]/n) // the classes alternate
		}
		*ByModality(m, &lists.StaticList, &lists.DynamicList) = writtenList(t, "list.csv", ByModality(m, "path,label\n", "path,id\n")+list)
	}
	for seed := range uint64(4) {
		folds, err := SplitLists(lists, 3, nil, seed)
		require.NoError(t, err)
		for i, f := range folds {
			for m, of := range sizes {
				for label, n := range of {
					got := strings.Count(string(f.Test[m]), fmt.Sprintf(",%d\n", label))
					require.Equal(t, n/3, got, "seed %d, fold %d: %ss of class %d", seed, i, m, label)
				}
			}
		}
	}
}

// Groups of any sizes are dealt into folds of one size, large ones first.
func TestFoldsAreOfOneSize(t *testing.T) {
	list := ""
	for i, size := range []int{1, 6, 3, 5, 2, 4} {
		for j := range size {
			list += fmt.Sprintf("%d_%d.png %d\n", i, j, (i+j)%2)
		}
	}
	l := Lists{StaticList: writtenList(t, "list.txt", list)}
	for seed := range uint64(4) {
		folds, err := SplitLists(l, 3, regexp.MustCompile("^[0-9]"), seed)
		require.NoError(t, err)
		for _, f := range folds {
			require.Equal(t, 7, strings.Count(string(f.Test[Image]), "_"), "of 21")
			require.Equal(t, 14, strings.Count(string(f.Train[Image]), "_"))
		}
	}
}

func TestSplitListsErrors(t *testing.T) {
	l := people(t, 4)
	for expression, want := range map[string]string{
		"happy": ": line 3: sad/00.png: --group happy finds nothing in this path",
		"[_/]":  "3 folds, but the samples are of 2 groups: choose fewer folds, or another --group",
	} {
		_, err := SplitLists(l, 3, regexp.MustCompile(expression), 0)
		require.ErrorContains(t, err, want)
	}
	_, err := SplitLists(Lists{StaticList: writtenList(t, "a.txt", "a 0\nb 0\nc 0\n"), DynamicList: writtenList(t, "b.csv", "path,id\na,0\n")},
		3, regexp.MustCompile("."), 0)
	require.ErrorContains(t, err, "fold 1 of 3 has no videos or all of them: choose fewer folds, or another --group")
	few := Lists{StaticList: writtenList(t, "a.txt", "a 0\nb 0\nc 0\nd 0\n"), DynamicList: writtenList(t, "b.csv", "path,id\na,0\nb,0\n")}
	_, err = SplitLists(few, 3, regexp.MustCompile("."), 0)
	require.ErrorContains(t, err, " of 3 has no videos or all of them", "two videos in three folds")
	_, err = SplitLists(Lists{StaticList: "nowhere"}, 3, nil, 0)
	require.ErrorContains(t, err, "nowhere")
}
