package mien

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	link    = regexp.MustCompile(`\]\(([^)#:]*)(?:#([^)]*))?\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	noSlug  = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// slugs returns the anchors of a page's headings.
func slugs(text string) (all []string) {
	for _, found := range heading.FindAllStringSubmatch(text, -1) {
		all = append(all, strings.ReplaceAll(noSlug.ReplaceAllString(strings.ToLower(found[1]), ""), " ", "-"))
	}
	return all
}

// Every link leads to a file, and to a heading of it; every page of docs can be reached from the README in one step.
func TestLinks(t *testing.T) {
	pages, err := filepath.Glob("docs/*.md")
	require.NoError(t, err)
	reached := map[string]bool{}
	for _, page := range append(pages, "README.md", "CONTRIBUTING.md") {
		page = filepath.ToSlash(page)
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, found := range link.FindAllStringSubmatch(string(text), -1) {
			target := path.Join(path.Dir(page), found[1])
			if found[1] == "" {
				target = page
			}
			there, err := os.ReadFile(target)
			require.NoError(t, err, "%s links to %s", page, found[1])
			if found[2] != "" {
				require.Contains(t, slugs(string(there)), found[2], "%s links to %s", page, found[0])
			}
			reached[target] = reached[target] || page == "README.md"
		}
	}
	for _, page := range pages {
		require.True(t, reached[filepath.ToSlash(page)], "README.md has no link to %s", page)
	}
}

func TestSlugs(t *testing.T) {
	require.Equal(t, []string{"data-check", "recipe-views", "pre-training-table-iv-of-s4d"},
		slugs("text # no\n# data check\n## recipe: views\n### Pre-training: Table IV of S4D\n"))
}
