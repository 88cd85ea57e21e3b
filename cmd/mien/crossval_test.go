package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/infer"
	"mien/recipe"
	"mien/run"
)

// Given folds of videos are tested one by one, and a whole list of images beside them is learned from in all and tested in none.
func TestGivenFolds(t *testing.T) {
	c := crossvalCmd{DynamicFold: []string{"set_1/train.csv,set_1/test.csv", "2.csv,3.csv"}}
	folds, err := c.given(data.Lists{StaticList: "faces.txt", StaticRoot: "faces", DynamicRoot: "clips"}, 2)
	require.NoError(t, err)
	want := func(train, test string) run.Fold {
		return run.Fold{Train: data.Lists{StaticList: "faces.txt", StaticRoot: "faces", DynamicList: train, DynamicRoot: "clips"},
			Test: data.Lists{StaticRoot: "faces", DynamicList: test, DynamicRoot: "clips"}}
	}
	require.Equal(t, []run.Fold{want("set_1/train.csv", "set_1/test.csv"), want("2.csv", "3.csv")}, folds)
}

// Lists are given whole or in folds, and the flags for either go with it alone.
func TestFlagsOfCrossval(t *testing.T) {
	two := []string{"a,b", "c,d"}
	folds := func(n uint) *uint { return &n }
	lists := func(l data.Lists) trainFlags { return trainFlags{dataFlags: dataFlags(l)} }
	images, videos := lists(data.Lists{StaticList: "a", StaticRoot: "in"}), lists(data.Lists{DynamicList: "a", DynamicRoot: "in"})
	imageRoot, videoRoot := lists(data.Lists{StaticRoot: "in"}), lists(data.Lists{DynamicRoot: "in"})
	both := lists(data.Lists{StaticList: "a", DynamicList: "b"})
	for _, c := range []struct {
		crossvalCmd
		want string
	}{
		{crossvalCmd{trainFlags: images, Folds: folds(2), Group: "x"}, ""},
		{crossvalCmd{trainFlags: videos, Folds: folds(1000)}, ""},
		{crossvalCmd{trainFlags: both, Keep: "dynamic"}, ""},
		{crossvalCmd{trainFlags: imageRoot, StaticFold: two}, ""},
		{crossvalCmd{trainFlags: videoRoot, DynamicFold: two}, ""},
		{crossvalCmd{trainFlags: images, DynamicFold: two}, ""},
		{crossvalCmd{trainFlags: videos, StaticFold: two}, ""},
		{crossvalCmd{StaticFold: two, DynamicFold: two}, ""},
		{crossvalCmd{}, "nothing to divide into folds: give"},
		{crossvalCmd{StaticFold: two, Folds: folds(2)}, "--folds, --group and --keep are for dividing lists"},
		{crossvalCmd{DynamicFold: two, Group: "x"}, "--folds, --group and --keep are for dividing lists"},
		{crossvalCmd{DynamicFold: two, Keep: "static"}, "--folds, --group and --keep are for dividing lists"},
		{crossvalCmd{trainFlags: images, Keep: "static"}, "--keep static: give both lists"},
		{crossvalCmd{trainFlags: videos, Keep: "static"}, "--keep static: give both lists"},
		{crossvalCmd{trainFlags: images, StaticFold: two}, "a list is given whole and in folds"},
		{crossvalCmd{trainFlags: videos, DynamicFold: two}, "a list is given whole and in folds"},
		{crossvalCmd{StaticFold: two[1:], DynamicFold: two}, "--static-fold is given 1 times and --dynamic-fold 2 times: each fold needs both"},
		{crossvalCmd{StaticFold: two[1:]}, "a cross-validation has at least 2 folds"},
		{crossvalCmd{DynamicFold: two[1:]}, "a cross-validation has at least 2 folds"},
		{crossvalCmd{trainFlags: images, Folds: folds(1)}, "--folds 1: it must be from 2 to 1000"},
		{crossvalCmd{trainFlags: images, Folds: folds(1001)}, "--folds 1001: it must be from 2 to 1000"},
		{crossvalCmd{trainFlags: imageRoot, DynamicFold: two}, "--static-root in is given without --static-list"},
		{crossvalCmd{trainFlags: videoRoot, StaticFold: two}, "--dynamic-root in is given without --dynamic-list"},
	} {
		err := c.check()
		if c.want == "" {
			require.NoError(t, err, "%+v", c.crossvalCmd)
		} else {
			require.ErrorContains(t, err, c.want, "%+v", c.crossvalCmd)
		}
	}
	for _, pair := range []string{"a", "a,", ",b"} {
		for _, c := range []crossvalCmd{{StaticFold: []string{pair}}, {DynamicFold: []string{pair}}} {
			_, err := c.given(data.Lists{}, 1)
			require.ErrorContains(t, err, "-fold "+pair+": give two lists, TRAIN,TEST")
		}
	}
}

// The list that is kept is learned from whole in each fold, and the other is divided.
func TestKeptList(t *testing.T) {
	dir := t.TempDir()
	static, dynamic := filepath.Join(dir, "s.txt"), filepath.Join(dir, "d.csv")
	require.NoError(t, os.WriteFile(static, []byte("a 0\nb 1\nc 1\n"), 0o644))
	require.NoError(t, os.WriteFile(dynamic, []byte("path,id\na,0\nb,1\n"), 0o644))
	whole := data.Lists{StaticList: static, StaticRoot: "faces", DynamicList: dynamic, DynamicRoot: "clips"}
	for _, keep := range []string{"static", "dynamic"} {
		c := crossvalCmd{trainFlags: trainFlags{runFlags: runFlags{Out: filepath.Join(dir, keep)}}, Keep: keep, Folds: new(uint(2))}
		folds, err := c.folds(run.Options{Train: whole})
		require.NoError(t, err)
		require.Len(t, folds, 2)
		for i, f := range folds {
			part := func(name string) string { return filepath.Join(c.Out, "lists", fmt.Sprintf(name, i+1)) }
			train, test := whole, data.Lists{StaticRoot: "faces", DynamicRoot: "clips"}
			if keep == "static" {
				train.DynamicList, test.DynamicList = part("dynamic_train_%d.csv"), part("dynamic_test_%d.csv")
			} else {
				train.StaticList, test.StaticList = part("static_train_%d.txt"), part("static_test_%d.txt")
			}
			require.Equal(t, run.Fold{Train: train, Test: test}, f)
		}
	}
}

// Lists are divided into five folds unless a flag says into how many, by the seed of the run.
func TestUsualFolds(t *testing.T) {
	dir := t.TempDir()
	list := ""
	for i := range 11 {
		list += fmt.Sprintf("%d.png %d\n", i, i%2)
	}
	write(t, dir, "faces.txt", list)
	whole := data.Lists{StaticList: filepath.Join(dir, "faces.txt"), StaticRoot: "faces"}
	var divided []string
	for seed := range uint64(2) {
		c := crossvalCmd{trainFlags: trainFlags{runFlags: runFlags{Out: filepath.Join(dir, fmt.Sprint(seed))}}}
		folds, err := c.folds(run.Options{Train: whole, Recipe: recipe.Recipe{Seed: seed}})
		require.NoError(t, err)
		require.Len(t, folds, 5)
		parts, err := data.SplitLists(whole, 5, nil, seed)
		require.NoError(t, err)
		other := filepath.Join(dir, "other", fmt.Sprint(seed))
		want, err := run.WriteFolds(other, whole, parts)
		require.NoError(t, err)
		for i, f := range folds {
			got, err := os.ReadFile(f.Test.StaticList)
			require.NoError(t, err)
			text, err := os.ReadFile(want[i].Test.StaticList)
			require.NoError(t, err)
			require.Equal(t, string(text), string(got))
		}
		text, err := os.ReadFile(folds[0].Test.StaticList)
		require.NoError(t, err)
		divided = append(divided, string(text))
	}
	require.NotEqual(t, divided[0], divided[1])
}

// The recalls of each fold stand above those of all, whose score follows.
func TestPrintedCrossValidation(t *testing.T) {
	fold := func(of float64, n int) *infer.Report {
		return &infer.Report{Static: &infer.Score{UAR: of, WAR: of + 1, MacroF1: of + 2, N: n}}
	}
	second := fold(20, 6)
	second.Dynamic = &infer.Score{UAR: 70.126, WAR: 81, MacroF1: 92, N: 11}
	r := &run.CrossReport{Folds: []*infer.Report{fold(10, 5), second}, Pooled: &infer.Report{Dynamic: printedScore.Score}}
	var b bytes.Buffer
	printCross(&console{stdout: &checked{Writer: &b}}, r)
	require.Equal(t, `fold    set        UAR    WAR  macro F1   n
1       static   10.00  11.00     12.00   5
2       static   20.00  21.00     22.00   6
2       dynamic  70.13  81.00     92.00  11
pooled  dynamic   1.13  22.00     33.50   7

all folds pooled
set       UAR    WAR  macro F1  weighted F1    ECE  n
`+printedNumbers+"\n"+printedConfusion, b.String())

	images := *printedScore.Score
	images.UAR = 9.5
	r.Pooled.Static = &images
	b.Reset()
	printCross(&console{stdout: &checked{Writer: &b}}, r)
	require.Regexp(t, `(?s)\npooled +static +9.50 .*\npooled +dynamic +1.13 .*\nall folds pooled\nset .*\nstatic +9.50 .*\nall folds pooled\nset .*\ndynamic +1.13 `, b.String())
}

// What becomes of the best epoch is said: before the first fold where there is no list to choose it on, and of each fold's model.
func TestBestEpochsOfFolds(t *testing.T) {
	dir := t.TempDir()
	text, err := os.ReadFile("../../ablate/testdata/finetune.toml")
	require.NoError(t, err)
	list := filepath.Join(dir, "list.txt")
	require.NoError(t, os.WriteFile(list, []byte("clip/000.png 0\nclip/007.png 3\nclip/014.png 5\n"), 0o644))
	for keys, want := range map[string]string{
		"use_best = true\n":                      "\ntrain.use_best: a fold has no list to choose its best epoch on, unless train.best_on_test takes that of the test",
		"use_best = true\nbest_on_test = true\n": "best.safetensors is the model of the best epoch, as its recipe says (train.use_best)",
		"best_on_test = true\n":                  "model.safetensors is the model of the last epoch; that of the best is best.safetensors",
	} {
		recipe := filepath.Join(dir, "recipe.toml")
		require.NoError(t, os.WriteFile(recipe, append(text, keys...), 0o644))
		code, _, stderr := mien("crossval", "--recipe", recipe, "--out", filepath.Join(dir, fmt.Sprint(len(keys))), "--folds", "2",
			"--static-list", list, "--static-root", "../../testdata/golden")
		require.Equal(t, 0, code, stderr)
		require.Contains(t, "\n"+stderr, want)
	}
}
