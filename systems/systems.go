// Package systems lists the systems of mien. A new system is one line here.
package systems

import (
	"cmp"
	"fmt"
	"strings"

	"mien/feadapter"
	"mien/mae"
	"mien/mobilefacenet"
	"mien/nn"
	"mien/recipe"
	"mien/s2d"
	"mien/s4d"
	"mien/system"
	"mien/vit"
)

// All lists the systems in the order in which commands show them.
var All = []*system.System{&s4d.System, &s4d.ViTMTL, &s4d.ViTMoE, &vit.System, &feadapter.System, &s2d.System, &mae.System, &mobilefacenet.System}

// Of checks a recipe and returns its system.
func Of(r recipe.Recipe) (*system.System, error) {
	s, err := named(r)
	if err != nil {
		return nil, err
	}
	return s, s.Check(r)
}

// OfNew checks the recipe of a run that begins and returns its system, which must read all that the recipe sets. What a file or a run
// folder holds may be of an earlier version, which let other keys be, and is for Of.
func OfNew(r recipe.Recipe) (*system.System, error) {
	s, err := named(r)
	if err != nil {
		return nil, err
	}
	return s, cmp.Or(checkKeys(s, r), s.Check(r))
}

// OfRun is OfNew for a run that begins, and Of for one that goes on as it began, by whichever version.
func OfRun(r recipe.Recipe, resumed bool) (*system.System, error) {
	if resumed {
		return Of(r)
	}
	return OfNew(r)
}

// named returns the system that a recipe names.
func named(r recipe.Recipe) (*system.System, error) {
	var names []string
	for _, s := range All {
		if s.Name == r.System {
			if s.Kind != r.Kind {
				return nil, fmt.Errorf("kind is %q: system %s is for %s", r.Kind, s.Name, s.Kind)
			}
			return s, nil
		}
		names = append(names, s.Name)
	}
	return nil, fmt.Errorf("system is %q: choose %s", r.System, strings.Join(names, ", "))
}

// Load returns a recipe by name or file that a run may begin with.
func Load(nameOrFile string) (recipe.Recipe, error) {
	r, err := recipe.Load(nameOrFile)
	if err != nil {
		return r, err
	}
	if _, err := OfNew(r); err != nil {
		return r, fmt.Errorf("recipe %s: %w", nameOrFile, err)
	}
	return r, nil
}

// Preset returns the recipe of a published model by its name, such as s4d-base, that of a preset and a size.
func Preset(name string) (recipe.Recipe, bool) {
	of, size, _ := strings.Cut(name, "-")
	for _, s := range All {
		for _, p := range s.Presets {
			if p.Name == of {
				return p.Of(size)
			}
		}
	}
	return recipe.Recipe{}, false
}

// Identify returns the recipe of a file that contains none.
func Identify(file nn.Weights) (recipe.Recipe, error) {
	for _, s := range All {
		if s.Identify == nil {
			continue
		}
		if r, ok, err := s.Identify(file); ok || err != nil {
			return r, err
		}
	}
	return recipe.Recipe{}, fmt.Errorf("weights hold no model that mien knows, nor a recipe: were they fine-tuned by something else?")
}
