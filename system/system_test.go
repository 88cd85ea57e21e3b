package system

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mien/recipe"
)

// What a run does not learn is named by its recipe and by its system, neither of which changes the other.
func TestFrozenBy(t *testing.T) {
	r := recipe.Recipe{Train: recipe.Train{Freeze: append(make([]string, 0, 4), "blocks.*")}}
	all := System{}
	require.Equal(t, []string{"blocks.*"}, all.FrozenBy(r))
	require.Empty(t, all.FrozenBy(recipe.Recipe{}))
	some := System{Frozen: func(r recipe.Recipe) []string { return []string{r.Name + ".*"} }}
	r.Name = "teacher"
	require.Equal(t, []string{"blocks.*", "teacher.*"}, some.FrozenBy(r))
	require.Equal(t, []string{"blocks.*", ""}, r.Train.Freeze[:2], "nothing was written behind the recipe's own")
}
