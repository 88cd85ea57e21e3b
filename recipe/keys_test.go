package recipe

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every key of a recipe has its value, set or not; those of a table that is missing have none.
func TestValue(t *testing.T) {
	for key, want := range map[string]any{"name": "complete", "seed": uint64(11), "model.dim": 48, "model.capacity": 1.25, "train.mixup": 0.6875,
		"data.drawn_classes": []string{"happiness", "fear"}, "views.image.rand_augment.operations": 26, "views.image.jitter.saturation": 0.0625,
		"views.video.box.left": 1, "train.tube_mask": true} {
		value, set := complete.Value(key)
		require.Equal(t, want, value, key)
		require.True(t, set, key)
		value, set = Recipe{}.Value(key)
		require.Equal(t, reflect.Zero(reflect.TypeOf(want)).Interface(), value, key)
		require.False(t, set, key)
	}
	missing := map[string]bool{}
	for _, key := range Keys() {
		if _, set := complete.Value(key); !set {
			missing[strings.Join(strings.Split(key, ".")[:min(3, strings.Count(key, ".")+1)], ".")] = true
		}
	}
	require.Equal(t, map[string]bool{"views.image.box": true, "views.image.resize": true, "views.video.flip": true, "views.video.resized_crop": true,
		"views.video.rand_augment": true, "views.video.jitter": true, "views.video.erase": true}, missing, "all others are set")
	empty := Recipe{Train: Train{Freeze: []string{}}}
	_, set := empty.Value("train.freeze")
	require.False(t, set)
	require.PanicsWithValue(t, "recipe: no key lrs", func() { complete.Value("train.lrs") })
}

// What is for some kinds of run are keys that exist, each listed once.
func TestKeysOfKinds(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range kindKeys {
		require.Less(t, len(k.kinds), len(systems))
		for _, kind := range k.kinds {
			require.Contains(t, systems, kind)
		}
		for _, key := range k.keys {
			require.Contains(t, Keys(), key)
			require.False(t, seen[key], key)
			seen[key] = true
			require.Equal(t, k.kinds, KindsOf(key))
		}
	}
	require.Equal(t, []string{Finetune, Landmarks}, KindsOf("data.drawn_test"))
	require.Empty(t, KindsOf("train.lr"))
}
