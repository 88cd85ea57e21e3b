package main

import (
	"fmt"

	"mien/recipe"
	"mien/systems"
)

type recipeCmd struct {
	Name string `arg:"" name:"recipe" optional:"" help:"An embedded recipe; without a name, all are listed."`
}

func (c *recipeCmd) Run(out *console) error {
	if c.Name == "" {
		return listRecipes(out)
	}
	text, err := recipe.Source(c.Name)
	if err != nil {
		return err
	}
	_, err = out.stdout.Write(text)
	return err
}

// listRecipes prints a table of the embedded recipes.
func listRecipes(out *console) error {
	var rows [][]string
	for _, name := range recipe.Names() {
		r, err := systems.Load(name)
		if err != nil {
			return fmt.Errorf("embedded recipe %s: %w", name, err)
		}
		encoder := fmt.Sprintf("%d wide, %d blocks, %d px, %d frames", r.Model.Dim, r.Model.Depth, r.Model.ImageSize, r.Model.Frames)
		if r.Kind == recipe.Landmarks {
			encoder = fmt.Sprintf("%d wide, %d px, %d frames", r.Model.LandmarkWidth, r.Model.ImageSize, r.Model.Frames)
		}
		rows = append(rows, []string{name, r.Kind, r.System, encoder})
	}
	return out.print(false, nil, []string{"recipe", "kind", "system", "encoder"}, rows...)
}
