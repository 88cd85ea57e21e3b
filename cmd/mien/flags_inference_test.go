package main

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/infer"
)

// Flags of the commands that use a trained model.

func inferenceFlags() []commandFlags {
	return append(quietFlags(), evalFlags(), predictFlags(), predictFormats(), predictPaths(), predictFaces(), predictScenes(), reportFlags(), reportRuns(), explainFlags(), explainPaths())
}

func evalFlags() commandFlags {
	static := func(path ...any) probe { return at("", append([]any{"static"}, path...)...) }
	dynamic := func(path ...any) probe { return at("", append([]any{"dynamic"}, path...)...) }
	const nothing = "--static-list= --static-root= "
	return commandFlags{command: "eval", line: "--model $tuned --json" + faces, cases: []flagCase{
		{"model", "", "--model $others", both(is(length(static("labels")), 7, 8), changes(static("loss")))},
		{"precision", "", "--precision int8", both(is(static("agreement_with_f32", "top1"), nil, 100), changes(static("loss")),
			is(positive(static("agreement_with_f32", "largest_change")), false, true), as("--model $int8.safetensors", static("loss")))},
		{"precision", "--precision int8", "--precision f32", is(static("agreement_with_f32", "top1"), 100, nil)},
		{"precision", "--published", "--published --precision int8", is(positive(static("agreement_with_f32", "largest_change")), false, true)},
		{"stride", videos, videos + " --stride 1", both(changes(dynamic("loss")), same(static("loss")))},
		{"windows", videos, videos + " --windows 1", both(changes(dynamic("loss")), same(static("loss")))},
		{"published", "", "--published", both(is(at("", "published"), false, true), changes(static("loss")))},
		{"json", "", "--json=false", both(is(at("", "format"), "mien-eval-1", nil), same(stderr),
			says(stdout, "", "static: true class by row, predicted by column\n"))},
		{"drawn", nothing, nothing + "--drawn", both(is(code, misused, 0), is(static("n"), nil, 2), is(dynamic("n"), nil, 2))},
		{"pred", "", "--pred $out", both(is(length(content("")), 0, 7), same(stdout))},
		{"figures", "", "--figures $out", is(files("*.svg"), "[]", "[confusion-static.svg reliability-static.svg]")},
		{"figures", videos, videos + " --figures $out", is(length(files("*.svg")), 0, 4)},
		{"bootstrap", "", "--bootstrap 70", is(static("bootstrap", "draws"), 1000, 70)},
		{"bootstrap", "--pred $out", "--pred $out --bootstrap 3", both(is(static("bootstrap", "draws"), 1000, 3), ofItsSeed)},
		{"head", "", "--head video", both(is(static("head"), nil, "video"), changes(static("loss")))},
		{"head", nothing + videos, nothing + videos + " --head image", both(is(dynamic("head"), nil, "image"), changes(dynamic("loss")))},
		{"skip-bad", "--static-list $bad.txt --skip-bad 1", "--static-list $bad.txt --skip-bad 2", both(is(code, 1, someBad), is(static("skipped"), nil, 2))},
		{"static-list", "", "--static-list $five.txt", both(is(static("n"), 6, 5), says(stderr, " $a/static.txt ", " $five.txt "))},
		{"static-root", "", "--static-root $b", changes(static("loss"))},
		{"dynamic-list", "", "--dynamic-list $three.csv --dynamic-root $a", both(is(dynamic("n"), nil, 3), same(static()), says(stderr, "", " $three.csv "))},
		{"dynamic-root", videos, videos + " --dynamic-root $b", both(changes(dynamic("loss")), same(static("loss")))},
	}}
}

const (
	aFace      = " $a/images/00001-Happiness.png"
	aVideo     = " $a/videos/00001-Sadness"
	shortVideo = " $c/videos/00000-Happiness" // of two frames
	album      = " $c/images"                 // of pictures that are no video
)

func predictFlags() commandFlags {
	return commandFlags{command: "predict", line: "--face none --model $tuned --json" + aFace + aVideo, cases: []flagCase{
		{"model", "", "--model $others", is(length(at("", 1, "labels")), 7, 11)},
		{"precision", "", "--precision int8", both(changes(each("probabilities")), as("--model $int8.safetensors", stdout))},
		{"stride", "", "--stride 1", is(at("", 1, "windows", 0, "stride"), 2, 1)},
		{"windows", "", "--windows 1", is(each("views"), "[1 2]", "[1 1]")},
		{"published", "", "--published", both(is(each("views"), "[1 2]", "[1 4]"), changes(each("probabilities")))},
		{"as-clip", album, album + " --as-clip", both(is(length(each("path")), 4, 3), is(at("", 2, "read_as"), "each", "clip"))},
		{"each", "", "--each", both(is(length(each("path")), 2, 10), is(at("", 1, "read_as"), "clip", "each"))},
		{"top", "", "--top 3", is(length(at("", 0, "top")), 0, 3)},
		{"out", "", "--out $out", moved},
		{"list", "", "--list $a/static.txt --root $a", is(length(each("path")), 2, 8)},
		{"root", "--list $a/dynamic.csv --root $a", "--list $a/dynamic.csv --root $b", is(at("", 5, "path"), "$a/videos/00003-Anger", "$b/videos/00003-Anger")},
		{"labels", "", "--head video --labels t,u,v,w,x,y,z", both(is(at("", 1, "labels"), "[happiness sadness neutral anger surprise disgust fear]", "[t u v w x y z]"), same(at("", 0)))},
		{"head", "--labels t,u,v,w,x,y,z --head video", "--labels t,u,v,w,x,y,z --head image",
			both(is(at("", 0, "labels", 2), "sadness", "v"), is(at("", 1, "labels", 2), "v", "neutral"))},
	}}
}

func predictFormats() commandFlags {
	return commandFlags{command: "predict", line: "--face none --model $tuned" + aFace, cases: []flagCase{
		{"json", "", "--json", both(is(at("", "format"), nil, "mien-prediction-1"), says(stdout, " expression ", ""))},
		{"csv", "", "--csv $out", both(same(stdout), is(length(content("")), 0, 2))},
	}}
}

func predictPaths() commandFlags {
	return commandFlags{command: "predict", line: "--face none --model $tuned --json" + aFace, cases: []flagCase{
		{"<path>", "", aVideo, is(each("path"), "[$a/images/00001-Happiness.png]", "[$a/images/00001-Happiness.png $a/videos/00001-Sadness]")},
	}}
}

const (
	photos    = "../../face/testdata/"
	classroom = " " + photos + "classroom.png" // of four faces, of which two are wider than 16 pixels
	nobody    = " " + photos + "nobody.png"
)

func predictFaces() commandFlags {
	crop := func(path ...any) probe { return at("", append([]any{1, "faces", 0}, path...)...) }
	return commandFlags{command: "predict", line: "--model $tuned --json" + classroom, cases: []flagCase{
		{"face", "", "--face none", is(at("", "format"), nil, "mien-prediction-1")},
		{"face", "$portrait.png", "$portrait.png --face detect", is(at("", 4, "faces", 0, "crop"), "given", "detected")},
		{"no-face", nobody, nobody + " --no-face skip", is(each("type"), "[source frame end source frame end]", "[source frame end source end]")},
		{"no-face", nobody, nobody + " --no-face error", both(is(code, 0, someBad), is(length(each("type")), 6, 4))},
		{"no-face", nobody, nobody + " --no-face whole", is(at("", 4, "faces", 0, "crop"), nil, "whole")},
		{"max-faces", "", "--max-faces 2", both(is(length(at("", 1, "faces")), 4, 2), same(crop()))},
		{"min-face", "", "--min-face 16", is(length(at("", 1, "faces")), 4, 2)},
		{"crop", "", "--crop box-rotation", both(is(at("", 0, "crop"), "eyes-nose", "box-rotation"), changes(crop("probabilities")), same(crop("box")))},
		{"detector", "", "--detector $finder.safetensors", changes(crop("score"))},
		{"csv", "", "--csv $out", both(same(stdout), is(length(content("")), 0, 5))},
		{"json", "", "--json=false", both(is(at("", 0, "format"), "mien-faces-1", nil), says(stdout, "", "path "))},
		{"annotated", "", "--annotated $out", both(same(stdout), is(files("*"), "[]", "[classroom.png]"))},
		{"blur", "--annotated $out --max-faces 3", "--annotated $out --max-faces 3 --blur", both(same(stdout), changes(content("classroom.png")))},
		{"top", "--json=false", "--json=false --top 2", says(stdout, "", " expression 2 ")},
	}}
}

// predictScenes has the flags of videos, on one of six frames in 0.6 seconds: a face in the first four, and nobody in the others.
func predictScenes() commandFlags {
	index := func(i int) probe { return at("", i, "index") }
	return commandFlags{command: "predict", line: "--model $tuned --json $scene.gif", cases: []flagCase{
		{"fps", "", "--fps 5", both(is(length(each("type")), 10, 7), is(index(2), 1, 2))},
		{"every", "", "--every 3", both(is(length(each("type")), 10, 6), is(index(2), 1, 3))},
		{"start", "", "--start 0.25", is(index(1), 0, 3)},
		{"end", "", "--end 0.25", is(length(each("type")), 10, 7)},
		{"annotated", "--annotated $out/a", "--annotated $out/b", is(length(files("b/*")), 0, 6)},
		{"plot", "", "--plot $out", both(same(stdout), is(files("*"), "[]", "[scene.png]"))},
		{"no-face", "--start 0.4", "--start 0.4 --no-face error", is(code, 0, 1)},
	}}
}

func reportFlags() commandFlags {
	page := content("index.html")
	const sets = " --static-list $pairs.txt --static-root $a --dynamic-list $pairs.csv --dynamic-root $a"
	return commandFlags{command: "report", line: "--out $out $listed", cases: []flagCase{
		{"out", "", "--out $out/deep", both(is(exists("index.html"), true, false), is(exists("deep/index.html"), false, true))},
		{"drawn", "", "--drawn", says(page, "", "Measured on: 2 images of drawn faces")},
		{"samples", sets, sets + " --samples 1", changes(content("experts.svg"), content("centres.svg"))},
		{"skip-bad", faces + " --static-list $bad.txt --skip-bad 1", faces + " --static-list $bad.txt --skip-bad 2",
			both(is(code, 1, someBad), is(exists("index.html"), false, true))},
		{"static-list", "", faces, says(page, "", "Measured on: 6 images of $a/static.txt")},
		{"static-root", faces, faces + " --static-root $b", changes(content("experts.svg"))},
		{"dynamic-list", "", videos, says(page, "", "Measured on: 4 videos of $a/dynamic.csv")},
		{"dynamic-root", videos, videos + " --dynamic-root $b", changes(content("experts.svg"))},
	}}
}

func reportRuns() commandFlags {
	return commandFlags{command: "report", line: "--out $out $pretrained", cases: []flagCase{
		{"<run>", "$tuned --drawn", "$tuned $others --drawn", both(is(exists("reconstruction-4.png"), true, true), says(content("index.html"), "", "contempt"),
			says(content("index.html"), "", "3. other"))},
		{"<run>", "", "$tuned", both(is(files("*losses.svg"), "[run-1-losses.svg]", "[run-1-losses.svg run-2-losses.svg]"),
			says(content("index.html"), "", "2. tune"))},
	}}
}

func explainFlags() commandFlags {
	return commandFlags{command: "explain", line: "--model $tuned --out $out" + aFace, cases: []flagCase{
		{"model", "", "--model $others", changes(content("001-00001-Happiness.png"))},
		{"beside", "", "--beside $others", both(besides("001-00001-Happiness.png"), same(likeliest))},
		{"beside", aVideo, aVideo + " --beside $others", both(besides("002-00001-Sadness.png"), same(content("002-00001-Sadness-probabilities.svg")))},
		{"beside", "--beside $others", "--beside ../../testdata/golden/released_form.pth", both(is(code, 0, 1), says(stderr, "", "a model that sees the same"))},
		{"out", "", "--out $out/deep", both(is(exists("index.html"), true, false), is(exists("deep/index.html"), false, true))},
		{"as-clip", album, album + " --as-clip", is(files("*.png"), "[001-00001-Happiness.png 002-00000-Neutral.png 003-00001-Happiness.png]", "[001-00001-Happiness.png 002-images-probabilities.png 002-images.png]")},
		{"each", shortVideo, shortVideo + " --each", is(files("*.png"), "[001-00001-Happiness.png 002-00000-Happiness-probabilities.png 002-00000-Happiness.png]", "[001-00001-Happiness.png 002-00000.png 003-00001.png]")},
	}}
}

func explainPaths() commandFlags {
	return commandFlags{command: "explain", line: "--model $tuned --out $out" + aFace, cases: []flagCase{
		{"<path>", "", aVideo, is(files("*.png"), "[001-00001-Happiness.png]",
			"[001-00001-Happiness.png 002-00001-Sadness-probabilities.png 002-00001-Sadness.png]")},
	}}
}

// moved is that what was on standard output is in the file $out.
func moved(c contrast) bool {
	c.t.Helper()
	require.Empty(c.t, c.with.stdout)
	require.NotEmpty(c.t, c.without.stdout)
	require.Equal(c.t, c.without.stdout, content("")(c.flagRunner, c.with))
	return true
}

// quietFlags are those of --quiet, on a slow clock, by which all that shows progress does.
func quietFlags() (all []commandFlags) {
	for _, c := range []struct{ command, line, progress string }{
		{"eval", "--model $tuned" + faces, "evaluating images: 6 of 6\n"},
		{"eval", "--model $tuned" + videos, "evaluating videos: 4 of 4\n"},
		{"predict", "--face none --model $tuned --out $out" + aFace + aVideo, "predicting: 2 of 2\n"},
		{"predict", "--face none --model $tuned" + aFace + aVideo, "predicting: 2 of 2\n"},
		{"predict", "--model $tuned" + classroom + nobody, "predicting: 2 of 2\n"},
		{"report", "--out $out --drawn $tuned", "measuring: 4 of 4\n"},
		{"explain", "--model $tuned --out $out" + aFace + aVideo, "explaining: 2 of 2\n"},
		{"data check", "--frames 9" + faces, "checking files: 6 of 6\n"},
		{"prepare", "--landmarks $finder3.safetensors --out $out" + faces, "cutting faces out: 6 of 6\n"},
		{"data draw", "--out $out --images 2 --videos 1 --frames 3 --size 17", "drawing: 3 of 3\n"},
	} {
		all = append(all, commandFlags{command: c.command, line: c.line, slow: true, cases: []flagCase{
			{"quiet", "", "--quiet", both(is(quiet, false, true), says(stderr, c.progress, ""), same(stdout))}}})
	}
	return all
}

// besides is that a picture has, below the input and the rows of the first model, those of the second as they are where it is the first:
// with its own number of experts, say.
func besides(file string) effect {
	return func(c contrast) bool {
		c.t.Helper()
		rows := func(o *outcome) (all [][]byte) {
			f, err := os.Open(filepath.Join(o.out, file))
			require.NoError(c.t, err, o.stderr)
			defer f.Close()
			picture, err := png.Decode(f)
			require.NoError(c.t, err)
			m := picture.(*image.RGBA)
			for row := range slices.Chunk(m.Pix, 130*m.Stride) {
				all = append(all, row)
			}
			return all
		}
		videos := strings.Count(file, "002-")
		exchanged := rows(c.do(strings.Repeat(aVideo, videos) + " --model $others --beside $tuned"))
		alone, both := rows(c.without), rows(c.with)
		first, second := len(alone)-1, len(both)-len(alone)
		require.NotEqual(c.t, first, second)
		require.Len(c.t, exchanged, len(both))
		require.True(c.t, slices.EqualFunc(both[1+first:], exchanged[1:1+second], bytes.Equal), "the second model is another one below than above")
		require.True(c.t, slices.EqualFunc(both[1:1+first], exchanged[1+second:], bytes.Equal), "the first model is another one above than below")
		require.Equal(c.t, both[0], exchanged[0])
		return true
	}
}

// likeliest are the classes on a page, with how likely they are.
func likeliest(r flagRunner, o *outcome) any {
	page, _ := content("index.html")(r, o).(string)
	return regexp.MustCompile("(?m)^<div class=.bar.*").FindAllString(page, -1)
}

// ofItsSeed is that draws are those of the seed in the model's recipe.
func ofItsSeed(c contrast) bool {
	c.t.Helper()
	sets, err := data.OpenLists(data.Lists{StaticList: filepath.Join(c.toys, "a/static.txt"), StaticRoot: filepath.Join(c.toys, "a")})
	require.NoError(c.t, err)
	matched, _, err := data.Relabel(sets.Image, data.AffectNet7)
	require.NoError(c.t, err)
	text, err := os.ReadFile(c.with.out)
	require.NoError(c.t, err)
	answers, err := infer.ReadAnswers(text, data.AffectNet7, matched)
	require.NoError(c.t, err)
	b := infer.NewBootstrap(7, answers, 3, 2)
	require.NotEqual(c.t, b, infer.NewBootstrap(7, answers, 3, 0))
	low, high := at("", "static", "bootstrap", "war", "low"), at("", "static", "bootstrap", "war", "high")
	require.Equal(c.t, []any{b.WAR.Low, b.WAR.High}, []any{low(c.flagRunner, c.with), high(c.flagRunner, c.with)})
	return false
}
