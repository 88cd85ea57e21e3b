package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"mien/data"
)

// An evaluation without some of its samples ends with status 3.
func TestEvalWithoutBadSamples(t *testing.T) {
	list := filepath.Join(t.TempDir(), "list.txt")
	require.NoError(t, os.WriteFile(list, []byte("face.png 0\nnowhere.png 1\n"), 0o644))
	args := []string{"eval", "--model", "../../testdata/golden/released_form.pth", "--static-root", "../../testdata/golden", "--static-list", list}
	code, stdout, stderr := mien(args...)
	require.Equal(t, 1, code, stderr)
	require.Empty(t, stdout)
	code, stdout, stderr = mien(append(args, "--skip-bad", "1")...)
	require.Equal(t, 3, code, stderr)
	require.Contains(t, stdout, "static")
	require.Contains(t, stderr, "mien: 1 of 2 inputs failed\n")

	face, err := os.ReadFile("../../testdata/golden/face.png")
	require.NoError(t, err)
	half, figures := filepath.Join(t.TempDir(), "half.png"), filepath.Join(t.TempDir(), "figures")
	require.NoError(t, os.WriteFile(half, face[:len(face)/2], 0o644)) // which shows when it is read
	require.NoError(t, os.WriteFile(list, []byte("face.png 0\n"+half+" 1\n"), 0o644))
	code, stdout, stderr = mien(append(args, "--figures", figures)...)
	require.Equal(t, 1, code)
	require.Empty(t, stdout)
	require.Contains(t, stderr, "mien: "+half+": ")
	require.NoDirExists(t, figures)

	pred, short := filepath.Join(t.TempDir(), "pred.csv"), filepath.Join(t.TempDir(), "short.csv")
	require.NoError(t, os.WriteFile(list, []byte("face.png 0\n"+half+" 1\nclip/021.png 4\n"), 0o644))
	code, stdout, stderr = mien(append(args, "--skip-bad", "1", "--pred", pred, "--json", "--quiet")...)
	require.Equal(t, someBad, code, stderr)
	require.Regexp(t, "^mien: skipped .*/half.png: .*\nmien: 1 of 3 inputs failed\n$", stderr)
	require.Contains(t, stdout, `"n":2,"skipped":1,`)
	text, err := os.ReadFile(pred)
	require.NoError(t, err)
	require.Regexp(t, "^id,label,pred,p_neutral,.*\nface.png,0,[0-6],.*\nclip/021.png,4,[0-6],.*\n$", string(text))
	require.NoFileExists(t, pred+".part")
	code, _, stderr = mien(append(args, "--pred", short)...)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "mien: "+short+".part keeps the results so far\n")
	require.NoFileExists(t, short)
}

// The closing line of a run names a few of the samples.
func TestSkippedLine(t *testing.T) {
	var bad []data.Skipped
	for i := range 7 {
		bad = append(bad, data.Skipped{Path: fmt.Sprint(i)})
	}
	require.Equal(t, "5 unreadable samples were skipped: 0, 1, 2, 3, 4", skipped(bad[:5]))
	require.Equal(t, "6 unreadable samples were skipped: 0, 1, 2, 3, 4 and 1 more", skipped(bad[:6]))
	require.Equal(t, "7 unreadable samples were skipped: 0, 1, 2, 3, 4 and 2 more", skipped(bad))
}

// The check of lists shows its progress when it has taken two seconds, from where it is then. The clock is a fake one.
func TestListCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stderr bytes.Buffer
		c := listCheck{stderr: &stderr}
		c.Checked(1, 6)
		time.Sleep(2 * time.Second)
		c.Checked(2, 6)
		require.Nil(t, c.bar)
		time.Sleep(time.Second)
		c.Checked(3, 6)
		require.NotNil(t, c.bar)
		time.Sleep(time.Minute)
		c.Checked(4, 6)
		require.Equal(t, "checking lists: 4 of 6\n", stderr.String())
		time.Sleep(time.Minute)
		c.Checked(5, 6)
		c.Checked(6, 6)
		require.Nil(t, c.bar)
		require.Equal(t, "checking lists: 4 of 6\nchecking lists: 5 of 6\n", stderr.String())
		c.Checked(1, 2) // the next list
		require.Nil(t, c.bar)
		c.finish()
	})
}

// What measures a model or learns classes takes no list without labels, which pre-training and data check do.
func TestListsNeedLabels(t *testing.T) {
	list := filepath.Join(t.TempDir(), "list.txt")
	require.NoError(t, os.WriteFile(list, []byte("face.png\nclip/000.png\n"), 0o644))
	var refused []string
	for command, line := range map[string][]string{"eval": {"--model", released}, "finetune": {"--recipe", "s4d-tiny"}, "crossval": {"--recipe", "s4d-tiny"},
		"data check": {"--quiet"}} {
		args := append(append(strings.Fields(command), line...), "--static-list", list, "--static-root", "../../testdata/golden")
		if line[0] == "--recipe" {
			args = append(args, "--out", filepath.Join(t.TempDir(), "out"))
		}
		if code, _, stderr := mien(args...); code != 0 {
			require.Regexp(t, `^mien: \S+list.txt: line 1: .*label`, stderr, command)
			refused = append(refused, command)
		}
	}
	require.ElementsMatch(t, []string{"eval", "finetune", "crossval"}, refused)
}
