package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"
)

// Every command in a block of a page is one that mien takes: its flags, their values, and what must be given.
func TestCommandsOfPages(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	require.NoError(t, err)
	pages = append(pages, "../../README.md", "../../CONTRIBUTING.md")
	found := 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, command := range commands(string(text)) {
			found++
			parser, err := kong.New(&cli{}, kong.Vars{"version": ""})
			require.NoError(t, err)
			_, err = parser.Parse(command)
			require.NoError(t, err, "%s: mien %s", page, strings.Join(command, " "))
		}
	}
	require.Greater(t, found, 25)
}

var (
	remark  = regexp.MustCompile(`    +[^- ].*| ….*| >[a-z0-9.]+`) // what stands beside a command, or is left out of it
	numeral = regexp.MustCompile(` N\b`)
)

// commands returns the arguments of all lines of a page that begin with mien, maybe after a prompt, in blocks between fences or indented.
func commands(text string) (all [][]string) {
	fenced := false
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", "")) {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		block := fenced || strings.HasPrefix(line, "    ")
		if command, ok := strings.CutPrefix(strings.TrimPrefix(strings.TrimSpace(line), "$ ./"), "mien "); ok && block {
			command = numeral.ReplaceAllString(remark.ReplaceAllString(command, ""), " 1")
			all = append(all, strings.Fields(strings.ReplaceAll(command, "'", "")))
		}
	}
	return all
}

// What stands beside a command is no part of it.
func TestCommands(t *testing.T) {
	require.Equal(t, [][]string{{"demo"}, {"info", "--images", "1"}, {"gradcheck"}, {"crossval", "--group", "P[0-9]+", "--out", "cv"}, {"eval", "--drawn"}, {"recipe", "a"}},
		commands("mien no\n```\n$ ./mien demo\ntext mien no\nmien info --images N     that many\nmien gradcheck     all\n```\n    mien crossval --group 'P[0-9]+' \\\n      --out cv\n"+
			"```\nmien eval     --drawn …\nmien recipe   a >mine.toml                  all\n```\nmien no\n"))
}
