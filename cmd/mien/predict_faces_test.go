package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
)

// A folder of pictures of which one is broken, one empty and one huge: all others have their rows, and each of the three is named.
func TestPredictAFolderWithBadPictures(t *testing.T) {
	dir := t.TempDir()
	text, err := os.ReadFile(photos + "portrait.png")
	require.NoError(t, err)
	for i := range 20 {
		require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("good-%c.png", 'a'+i)), text, 0o644))
	}
	for name, text := range map[string][]byte{"broken.png": text[:len(text)/2], "empty.png": nil, "huge.png": hugePNG()} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o644))
	}
	out := filepath.Join(t.TempDir(), "faces.csv")
	code, stdout, stderr := mien("predict", "--model", released, "--each", "--csv", out, dir)
	require.Equal(t, someBad, code)
	require.Equal(t, 21, strings.Count(stdout, "\n"))
	rows := readCSV(t, out)[1:]
	require.Len(t, rows, 20)
	for i, row := range rows {
		require.Equal(t, filepath.Join(dir, fmt.Sprintf("good-%c.png", 'a'+i)), row[0])
		require.Equal(t, "ok", row[4])
	}
	for _, name := range []string{"broken.png: ", "empty.png: ", "huge.png: 100000×100000 pixels"} {
		require.Contains(t, stderr, "mien: "+filepath.Join(dir, name))
	}
	require.True(t, strings.HasSuffix(stderr, "\nmien: 3 of 23 inputs failed\n"), stderr)
}

func readCSV(t *testing.T, path string) [][]string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	require.NoError(t, err)
	return rows
}

// frames writes a folder of n numbered pictures.
func numbered(t *testing.T, n int) string {
	t.Helper()
	text, err := os.ReadFile(photos + "portrait.png")
	require.NoError(t, err)
	dir := t.TempDir()
	for i := range n {
		require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%03d.png", i)), text, 0o644))
	}
	return dir
}

// lines are the objects that were printed.
func linesOf(t *testing.T, text string) (all []map[string]any) {
	t.Helper()
	require.True(t, strings.HasSuffix(text, "\n"))
	for line := range strings.Lines(text) {
		var v map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &v))
		all = append(all, v)
	}
	return all
}

// An interruption leaves whole lines, of which the last one says that there should be more, and rows in a file whose name does.
func TestInterruptedVideo(t *testing.T) {
	patient(t)
	dir, out, drawn := numbered(t, 60), filepath.Join(t.TempDir(), "faces.csv"), filepath.Join(t.TempDir(), "faces.avi")
	plot := filepath.Join(t.TempDir(), "faces.svg")
	ctx, cancel := context.WithCancel(t.Context())
	stdout, stderr := &interrupting{cancel: cancel, at: 3}, bytes.Buffer{} // the source, and twice frames
	require.Equal(t, interrupted, execute(ctx, []string{"predict", "--quiet", "--model", released, "--json", "--csv", out, "--annotated", drawn, "--plot", plot, dir}, stdout, &stderr))
	said := ""
	for _, path := range []string{drawn, plot, out} {
		said += "mien: " + path + ".part keeps the results so far\n"
	}
	require.Equal(t, said+"mien: interrupted\n", stderr.String())
	require.NoFileExists(t, plot)
	text, err := os.ReadFile(plot + ".part")
	require.NoError(t, err)
	require.Contains(t, string(text), "<svg")
	lines := linesOf(t, stdout.String())
	end := lines[len(lines)-1]
	require.Equal(t, "end", end["type"])
	require.Equal(t, false, end["complete"])
	require.Equal(t, "interrupted", end["error"])
	frames := 0
	for _, line := range lines {
		if line["type"] == "frame" {
			require.EqualValues(t, frames, line["index"])
			frames++
		}
	}
	require.Greater(t, frames, 0)
	require.Less(t, frames, 60)
	require.EqualValues(t, frames, end["frames"])
	require.NoFileExists(t, out)
	require.Len(t, readCSV(t, out+".part"), 1+frames)
	require.NoFileExists(t, drawn)
	r, err := data.OpenFrames(t.Context(), drawn+".part", data.Selection{})
	require.NoError(t, err)
	defer r.Close()
	require.Equal(t, frames, r.Info().Frames)

	code, _, refused := mien("predict", "--quiet", "--model", released, "--annotated", drawn, dir)
	require.Equal(t, failed, code)
	require.Equal(t, "mien: --annotated "+drawn+": "+drawn+".part, of a command that was interrupted or still runs, exists: rename or remove it\n", refused)
}

// A damaged frame has its row, costs no other, and the exit status says that something is missing.
func TestDamagedFrame(t *testing.T) {
	dir, out := numbered(t, 6), filepath.Join(t.TempDir(), "faces.csv")
	text, err := os.ReadFile(filepath.Join(dir, "002.png"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "002.png"), text[:len(text)/2], 0o644))
	code, stdout, stderr := mien("predict", "--quiet", "--model", released, "--json", "--as-clip", "--csv", out, dir)
	require.Equal(t, someBad, code)
	require.Equal(t, "mien: "+dir+": 1 of 6 frames are damaged\n", stderr)
	lines := linesOf(t, stdout)
	end := lines[len(lines)-1]
	require.Equal(t, []any{6., 1., 0., true}, []any{end["frames"], end["damaged"], end["no_face"], end["complete"]})
	require.Equal(t, "damaged", lines[3]["status"])
	require.Contains(t, lines[3]["error"], "002.png")
	rows := readCSV(t, out)
	require.Len(t, rows, 7)
	require.Equal(t, []string{"2", "", "", "damaged", ""}, rows[3][1:6])
}

// A video that is cut off has its rows up to there, and says that and where.
func TestCutVideo(t *testing.T) {
	whole, cut, out := filepath.Join(t.TempDir(), "faces.avi"), filepath.Join(t.TempDir(), "cut.avi"), filepath.Join(t.TempDir(), "faces.csv")
	code, _, stderr := mien("predict", "--quiet", "--model", released, "--annotated", whole, numbered(t, 6))
	require.Zero(t, code, stderr)
	text, err := os.ReadFile(whole)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(cut, text[:len(text)/2], 0o644))
	code, stdout, stderr := mien("predict", "--quiet", "--model", released, "--json", "--csv", out, cut)
	require.Equal(t, someBad, code)
	require.Regexp(t, "^mien: "+cut+": damaged after [2-4] frames, at [0-9.]+ s: .*\n$", stderr)
	lines := linesOf(t, stdout)
	end := lines[len(lines)-1]
	require.Equal(t, "end", end["type"])
	require.Equal(t, false, end["complete"])
	require.Regexp(t, "^damaged after [2-4] frames", end["error"])
	require.InDelta(t, 3, end["frames"], 1)
	require.Len(t, readCSV(t, out), 1+int(end["frames"].(float64)))
}

// Videos of people who come and go: as many rows as frames, and faces where they are.
func TestPredictVideos(t *testing.T) {
	root := "../../../shared/data/h264/"
	if _, err := os.Stat(root); err != nil {
		t.Skip("no videos here")
	}
	for name, with := range map[string][2]int{"face_noface.mov": {0, 72}, "noface_face.mov": {97, 169}, "no_face.mp4": {}} {
		r, err := data.OpenFrames(t.Context(), root+name, data.Selection{})
		if err != nil {
			t.Skip(err)
		}
		decoded := 0
		for ; ; decoded++ {
			if _, err := r.Next(); err != nil {
				break
			}
		}
		r.Close()
		out := filepath.Join(t.TempDir(), "faces.csv")
		code, _, stderr := mien("predict", "--quiet", "--model", released, "--csv", out, root+name)
		require.Zero(t, code, stderr)
		rows := readCSV(t, out)[1:]
		require.Len(t, rows, decoded, name)
		found := 0
		for i, row := range rows {
			require.Equal(t, fmt.Sprint(i), row[1])
			if row[4] == "ok" {
				found++
				require.Equal(t, "1", row[3], "one person")
				require.True(t, i >= with[0]-2 && i < with[1]+2, "%s: frame %d", name, i)
			}
		}
		require.InDelta(t, with[1]-with[0], found, 2, name)
	}
}
