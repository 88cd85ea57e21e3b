package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
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
