package main

import (
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"
)

// grammar returns the parser of the command line.
func grammar(t *testing.T) *kong.Kong {
	t.Helper()
	parser, err := kong.New(&cli{}, kong.Name("mien"), kong.Vars{"version": ""})
	require.NoError(t, err)
	return parser
}

// Every command has an example, which is a line of that command, and --help shows it.
func TestExamples(t *testing.T) {
	var commands []string
	for _, command := range grammar(t).Model.Leaves(true) {
		commands = append(commands, command.Path())
	}
	require.ElementsMatch(t, commands, slices.Collect(maps.Keys(examples)))
	for command, example := range examples {
		words := strings.Fields(example)
		require.Equal(t, "mien", words[0])
		parsed, err := grammar(t).Parse(words[1:])
		require.NoError(t, err, example)
		require.Equal(t, command, parsed.Selected().Path(), example)
		code, stdout, _ := mien(append(strings.Fields(command), "--help")...)
		require.Zero(t, code)
		require.Contains(t, stdout, "\nExample:\n  "+example+"\n")
	}
	_, group, _ := mien("bench", "--help")
	require.NotContains(t, group, "Example:")
}

// The help of mien itself says what holds for all commands.
func TestHelpOfAll(t *testing.T) {
	_, stdout, _ := mien("--help")
	for _, exit := range exits {
		require.Contains(t, stdout, exit.what)
	}
	for _, v := range variables {
		require.Contains(t, stdout, v.name)
	}
	_, stdout, _ = mien("info", "--help")
	require.NotContains(t, stdout, "Exit status")
}

// mien alone, and help as a command, print what --help does; mien alone is no command that is done.
func TestHelpForNewcomers(t *testing.T) {
	_, all, _ := mien("--help")
	_, ofInfo, _ := mien("info", "--help")
	for line, want := range map[string]string{"": all, "help": all, "help info": ofInfo} {
		code, stdout, stderr := mien(strings.Fields(line)...)
		require.Equal(t, line == "", code == misused, line)
		require.Equal(t, want, stdout, line)
		require.Empty(t, stderr, line)
	}
	code, _, stderr := mien("help", "nonsense")
	require.Equal(t, misused, code)
	require.Contains(t, stderr, "nonsense")
}

// The help of a flag that takes some words alone names them.
func TestHelpNamesWords(t *testing.T) {
	checked := 0
	for _, command := range grammar(t).Model.Leaves(true) {
		for _, value := range command.Values() {
			for _, word := range value.EnumSlice() {
				require.Contains(t, value.Help, word, "%s: %s", command.Path(), value.Name)
				checked++
			}
		}
	}
	require.Greater(t, checked, 8)
}

// The manual page has every command with its flags, arguments and example, and groff has nothing to say against it.
func TestManual(t *testing.T) {
	code, page, stderr := mien("man")
	require.Zero(t, code, stderr)
	require.Regexp(t, `^[\x20-\x7e\n]+$`, page, "it is ASCII")
	plain := strings.NewReplacer(`\-`, "-", `\(ga`, "`", `\(aq`, "'", `\(dq`, `"`, `\e`, `\`, `\&`, "").Replace(page)
	sections := strings.Split(plain, "\n.SS ")
	for _, command := range grammar(t).Model.Leaves(true) {
		at := slices.IndexFunc(sections, func(s string) bool { return strings.HasPrefix(s, `"mien `+command.Summary()+"\"\n") })
		require.GreaterOrEqual(t, at, 0, command.Path())
		section := sections[at]
		require.Contains(t, section+"\n", "\n.EX\n    "+examples[command.Path()]+"\n.EE\n")
		for _, flag := range command.Flags {
			require.Regexp(t, `\n\.B "(-., )?--`+regexp.QuoteMeta(flag.Name)+`["=]`, section)
		}
		for _, argument := range command.Positional {
			require.Contains(t, section, "\n.B \"<"+argument.Name+">\"\n")
		}
	}
	_, training, _ := strings.Cut(plain, `.B "--epochs=N"`)
	require.True(t, strings.HasPrefix(training, "\nEpochs instead of the recipe's.\n"))
	require.Contains(t, plain, "\n.B \"--bootstrap=N\"\n")
	require.Contains(t, plain, "\n.B \"--threads=THREADS\"\n")
	require.Contains(t, plain, "Default: 0.\n")
	for _, exit := range exits {
		require.Contains(t, strings.ReplaceAll(plain, "\n", " "), exit.what)
	}
	require.False(t, strings.Contains(plain, "mien complete "), "which only scripts call")

	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("no groff")
	}
	cmd := exec.Command(groff, "-man", "-ww", "-z")
	cmd.Stdin = strings.NewReader(page)
	complaints, err := cmd.CombinedOutput()
	require.NoError(t, err)
	require.Empty(t, string(complaints))
}

// What roff would take for its own is text.
func TestEscaped(t *testing.T) {
	var b strings.Builder
	r := newRoff(&b)
	r.text(`.begins with \, 'single' – and "double" ` + strings.Repeat("word ", 12) + ".dot")
	r.macro("B", `"--a" b`)
	r.w.Flush()
	require.Equal(t, `\&.begins with \e, \(aqsingle\(aq \[u2013] and "double" word word word word`+"\n"+
		"word word word word word word word word .dot\n.B \"\\(dq\\-\\-a\\(dq b\"\n", b.String())
}
