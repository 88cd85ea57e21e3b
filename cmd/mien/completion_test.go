package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"
)

// completed returns what the last of the words can become.
func completed(t *testing.T, words ...string) []string {
	code, stdout, stderr := mien(append([]string{"complete", "--"}, words...)...)
	require.Zero(t, code, stderr)
	return strings.Fields(stdout)
}

// Every command is offered, and every flag of each.
func TestCompletionNamesAll(t *testing.T) {
	parser, err := kong.New(&cli{}, kong.Vars{"version": ""})
	require.NoError(t, err)
	leaves := parser.Model.Leaves(true)
	require.Greater(t, len(leaves), 12)
	for _, leaf := range leaves {
		var words []string
		for n := leaf; n.Parent != nil; n = n.Parent {
			words = append([]string{n.Name}, words...)
		}
		for i := range words {
			require.Contains(t, completed(t, append(words[:i:i], "")...), words[i])
		}
		offered := completed(t, append(words[:len(words):len(words)], "--")...)
		for _, flags := range leaf.AllFlags(true) {
			for _, flag := range flags {
				require.Contains(t, offered, "--"+flag.Name, words)
			}
		}
	}
	require.NotContains(t, completed(t, ""), "complete")
}

func TestCompletion(t *testing.T) {
	for line, want := range map[string]string{
		"fin":                            "finetune",
		"bench p":                        "pretrain",
		"finetune --recipe lon":          "london-drawn-images london-drawn london-finetune",
		"finetune --recipe=vit-":         "--recipe=vit-demo",
		"finetune --recipe = vit-":       "vit-demo",
		"finetune --out":                 "--out",
		"finetune --out bench --resu":    "--resume",
		"finetune --recompute --resu":    "--resume",
		"--threads 2 demo --se":          "--seed",
		"predict --model f --precision ": "f32 bf16 int8",
		"predict --head ":                "image video",
		"predict --device ":              "auto cpu vulkan",
		"recipe vit-":                    "vit-demo",
		"ablate po":                      "position",
		"completion ":                    "bash zsh fish --help --device --threads --version",
		"predict face":                   "",
		"predict --model m":              "",
		"predict --head =":               "image video",
		"nonsense ":                      strings.Join(completed(t, ""), " "),
	} {
		require.Equal(t, want, strings.Join(completed(t, strings.Split(line, " ")...), " "), line)
	}
	_, stdout, _ := mien("complete", "--", "predict", "--head", "")
	require.Equal(t, "image\nvideo\n", stdout, "and not what it is without the flag")
}

// The script of each shell, in that shell, where there is one.
func TestCompletionScripts(t *testing.T) {
	bin := filepath.Dir(command(t))
	for shell, how := range map[string]string{
		"bash": `source <(mien completion bash); COMP_WORDS=(mien finetune --recipe vit-); COMP_CWORD=3; _mien mien; echo "${COMPREPLY[@]}"`,
		"zsh":  `compdef() {}; compadd() { shift; print -- $@ }; source <(mien completion zsh); words=(mien finetune --recipe vit-); CURRENT=4; _mien`,
		"fish": `mien completion fish | source; complete -C "mien finetune --recipe vit-"`,
	} {
		script, err := completions.ReadFile("completion/" + shell)
		require.NoError(t, err)
		code, stdout, _ := mien("completion", shell)
		require.Zero(t, code)
		require.Equal(t, string(script), stdout)
		path, err := exec.LookPath(shell)
		if err != nil {
			t.Logf("no %s", shell)
			continue
		}
		cmd := exec.Command(path, "-c", how)
		cmd.Env = append(cmd.Environ(), "PATH="+bin+":/usr/bin:/bin")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s: %s", shell, out)
		require.Equal(t, "vit-demo\n", string(out), shell)
	}
}
