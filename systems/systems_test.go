package systems

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/internal/golden"
	"mien/nn"
	"mien/recipe"
	"mien/system"
)

func TestOf(t *testing.T) {
	r := tiny["s4d"]
	s, err := Of(r)
	require.NoError(t, err)
	require.Equal(t, "s4d", s.Name)
	r.Kind = recipe.Pretrain
	_, err = Of(r)
	require.EqualError(t, err, `kind is "pretrain": system s4d is for finetune`)
	r.System = "s5d"
	_, err = Of(r)
	require.EqualError(t, err, `system is "s5d": choose s4d, vitmtl, vitmoe, vit, feadapter, s2d, mae, mobilefacenet`)
	r = tiny["s4d"]
	r.Model.TopK = 9
	_, err = Of(r)
	require.ErrorContains(t, err, "1 ≤ top-k ≤ experts", "the system checks its recipe")
}

// Every system has all that package system requires.
func TestSystemsAreComplete(t *testing.T) {
	for _, s := range All {
		require.NotEmpty(t, s.Name)
		require.Contains(t, []string{recipe.Pretrain, recipe.Finetune, recipe.Landmarks}, s.Kind)
		for what, there := range map[string]bool{"Check": s.Check != nil, "Build": s.Build != nil, "Start": s.Start != nil,
			"Heads": s.Heads != nil, "Group": s.Group != nil, "Presets": (s.Kind == recipe.Landmarks) != (len(s.Presets) > 0 && s.Presets[0].Name == s.Name)} {
			require.True(t, there, "%s of %s", what, s.Name)
		}
	}
}

// Every embedded recipe passes its system's check.
func TestLoad(t *testing.T) {
	for _, name := range recipe.Names() {
		r, err := Load(name)
		require.NoError(t, err)
		require.Equal(t, name, r.Name)
	}
	_, err := Load("s4d")
	require.ErrorContains(t, err, `recipe "s4d": neither a file nor one of`)

	r, err := Load("s4d-tiny")
	require.NoError(t, err)
	r.Model.PatchSize = 7
	text, err := r.Text()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "r.toml")
	require.NoError(t, os.WriteFile(path, text, 0o600))
	_, err = Load(path)
	require.ErrorContains(t, err, "recipe "+path+": image size 32 is not a multiple of the patch size 7")
	r.Model.PatchSize, r.Train.TubeMask = 8, true
	text, err = r.Text()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, text, 0o600))
	_, err = Load(path)
	require.EqualError(t, err, "recipe "+path+": system s4d (kind finetune) does not read train.tube_mask = true, unlike mae: "+
		"leave it out, or set it to false", "a run begins with it")
}

// A run that begins reads all that its recipe sets; one that goes on may be of an earlier version, whose recipe is still checked.
func TestOfRun(t *testing.T) {
	r := tiny["vit"]
	r.Train.TubeMask = true
	_, err := OfRun(r, false)
	require.ErrorContains(t, err, "system vit (kind finetune) does not read train.tube_mask = true")
	s, err := OfRun(r, true)
	require.NoError(t, err)
	require.Equal(t, "vit", s.Name)
	r.Model.PatchSize = 5
	_, err = OfRun(r, true)
	require.ErrorContains(t, err, "not a multiple of the patch size 5")
}

// Systems whose models have class tokens say so: what their attention means depends on it.
func TestClassTokens(t *testing.T) {
	for _, s := range All {
		params, err := nn.Outline(1<<10, func(scope *nn.Scope) { s.Build(scope, tiny[s.Name]) })
		require.NoError(t, err)
		has := slices.ContainsFunc(params, func(p nn.Param) bool { return p.Name == "cls_token" })
		require.Equal(t, has, s.ClassTokens, s.Name)
	}
}

// A published model is called by its name and size; stadapter is a setting of feadapter.
func TestPreset(t *testing.T) {
	for _, s := range All {
		for _, preset := range s.Presets {
			for _, size := range []string{"tiny", "small", "base", "large"} {
				r, ok := Preset(preset.Name + "-" + size)
				require.True(t, ok)
				require.Equal(t, preset.Name+"-"+size, r.Name)
				of, err := Of(r)
				require.NoError(t, err)
				require.Same(t, s, of)
				require.NoError(t, checkKeys(s, r))
			}
		}
	}
	for _, name := range []string{"s4d", "s4d-", "s4d-huge", "tiny", "", "s5d-tiny", "s4d-tiny-pretrain"} {
		_, ok := Preset(name)
		require.False(t, ok, name)
	}
}

func TestIdentify(t *testing.T) {
	r, err := Identify(golden.Open(t, "released_form.pth"))
	require.NoError(t, err)
	require.Equal(t, "s4d", r.System)
	for _, name := range []string{"mae_tiny.safetensors", "s4d_joint.safetensors", "vit_tiny.safetensors"} {
		_, err = Identify(golden.Open(t, name))
		require.EqualError(t, err, "weights hold no model that mien knows, nor a recipe: were they fine-tuned by something else?", name)
	}
}

// Systems are asked in their order, those that identify nothing are passed over, and what the first says is what counts.
func TestIdentifyAsksInOrder(t *testing.T) {
	all := All
	defer func() { All = all }()
	refusal := errors.New("it is mine, and damaged")
	answers := func(name string, ok bool, err error) *system.System {
		return &system.System{Identify: func(nn.Weights) (recipe.Recipe, bool, error) { return recipe.Recipe{Name: name}, ok, err }}
	}
	no, silent, yes, other := answers("no", false, nil), &system.System{}, answers("yes", true, nil), answers("other", true, nil)
	for _, c := range []struct {
		all  []*system.System
		want string
		err  error
	}{
		{[]*system.System{no, silent, yes, other}, "yes", nil},
		{[]*system.System{silent, other, yes}, "other", nil},
		{[]*system.System{no, answers("damaged", false, refusal), yes}, "damaged", refusal},
	} {
		All = c.all
		r, err := Identify(nil)
		require.Equal(t, c.err, err)
		require.Equal(t, c.want, r.Name)
	}
}
