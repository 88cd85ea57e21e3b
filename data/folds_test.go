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
	_, err = SplitLists(Lists{StaticList: "nowhere"}, 3, nil, 0)
	require.ErrorContains(t, err, "nowhere")
}
