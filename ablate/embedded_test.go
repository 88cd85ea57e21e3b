package ablate

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/feadapter"
	"mien/recipe"
	"mien/run"
	"mien/system"
)

// The embedded ablations, with their own recipes and with the published ones.

// Every row of the embedded ablations has a model that a system can build, and is another than its neighbours: with the recipes of the
// ablations, and with the published ones.
func TestEmbeddedAblations(t *testing.T) {
	lists := data.Lists{StaticList: "faces.txt", DynamicList: "clips.csv"}
	for _, name := range recipe.Ablations() {
		a, err := recipe.LoadAblation(name)
		require.NoError(t, err, name)
		requireRows(t, Study{Ablation: a})
		requireRows(t, Study{Ablation: published(t, a), Options: run.Options{Train: lists, Validation: lists}})
	}
}

// published returns an ablation with published recipes.
func published(t *testing.T, a recipe.Ablation) recipe.Ablation {
	t.Helper()
	switch {
	case strings.HasPrefix(a.Name, "feadapter-"):
		a.Pretrain, a.Finetune = "image-affectnet", "feadapter-ferv39k"
	case strings.HasPrefix(a.Name, "s2d-"):
		a.Pretrain, a.Finetune = filepath.Join(t.TempDir(), "image.toml"), "s2d-ferv39k"
		image := "base = 's2d-dfew'\nname = 'image'\n[model]\nimage_classes = 7\nvideo_classes = 0\ntemporal.width = 0\n[train]\nfreeze = []\nbest_set = 'static'\n"
		require.NoError(t, os.WriteFile(a.Pretrain, []byte(image), 0o644))
	default:
		a.Pretrain, a.Finetune = "s4d-pretrain", "s4d-ferv39k"
	}
	return a
}

// All embedded ablations together have 59 rows with 23 pre-trainings, which are 42 and 9 different runs.
func TestRunsOfAllAblations(t *testing.T) {
	var studies []Study
	rows, alone := 0, 0
	for _, name := range recipe.Ablations() {
		a, err := recipe.LoadAblation(name)
		require.NoError(t, err)
		s := Study{Ablation: a, Seeds: []uint64{3}, Options: run.Options{Out: name}}
		p, err := s.plan(new([]stage))
		require.NoError(t, err)
		studies, rows, alone = append(studies, s), rows+len(p.rows), alone+len(p.stages)
	}
	require.Equal(t, [2]int{59, 59 + 22}, [2]int{rows, alone})
	plans, all, err := plansOf(studies)
	require.NoError(t, err)
	require.Equal(t, 28+6+(5+4+2)+1+5+2, all)
	models, place3 := plans[7], place{"s4d", 3, recipe.Finetune}
	require.Equal(t, filepath.Join("components", "dp-moae-jf", "seed-3", "finetune"), models.folders[place3])
	require.Equal(t, "models s4d", models.stages[len(models.stages)-2].row, "of the last but one row")
	require.Equal(t, plans[2].folders[place{"all", 3, recipe.Finetune}], plans[4].folders[place{"d2conv3d", 3, recipe.Finetune}], "FE-Adapter")
}

func requireRows(t *testing.T, s Study) {
	t.Helper()
	rows, err := s.rows()
	require.NoError(t, err, s.Ablation.Name)
	require.Greater(t, len(rows), 2)
	seen := map[string]string{}
	for _, r := range rows {
		finetune := r.finetune
		finetune.Name = ""
		text, err := finetune.Text()
		require.NoError(t, err)
		model := fmt.Sprintln(r.shared, r.Scratch, string(text))
		require.Empty(t, seen[model], "%s: row %s", s.Ablation.Name, r.Name)
		seen[model] = r.Name
	}
}

// Blocks with experts, or adapters, are the same share of the blocks, at the same place, in the small models of the ablations and in the published ones.
func TestBlocksOfRows(t *testing.T) {
	shares := func(a recipe.Ablation) map[string][]float64 {
		all := map[string][]float64{}
		for _, row := range a.Rows {
			_, finetune, err := a.Recipes(row)
			require.NoError(t, err)
			_, net, err := outline(finetune)
			require.NoError(t, err)
			var blocks []int
			if sparse, ok := net.(system.Sparse); ok {
				blocks = sparse.ExpertBlocks()
			}
			if finetune.System == "feadapter" {
				c, err := feadapter.FromRecipe(finetune)
				require.NoError(t, err)
				blocks = c.Blocks
			}
			if depth := float64(finetune.Model.Depth); len(blocks) > 0 {
				all[row.Name] = []float64{float64(len(blocks)) / depth, float64(blocks[0]) / depth}
			}
		}
		return all
	}
	for _, name := range recipe.Ablations() {
		a, err := recipe.LoadAblation(name)
		require.NoError(t, err)
		small := shares(a)
		published := shares(published(t, a))
		if name == "layers" {
			require.Equal(t, map[string][]float64{"last-quarter": {0.25, 0.75}, "last-half": {0.5, 0.5}, "last-three-quarters": {0.75, 0.25},
				"all": {1, 0}}, published)
		}
		if name == "feadapter-blocks" {
			const third, thirds = 4. / 12, 8. / 12
			require.Equal(t, map[string][]float64{"first-third": {third, 0}, "middle-third": {third, third}, "last-third": {third, thirds},
				"last-two-thirds": {thirds, third}, "all": {1, 0}}, published)
		}
		delete(small, "alternate") // which begins with block 1
		delete(published, "alternate")
		require.Equal(t, published, small, name)
	}
}
