//go:build vulkan

package vulkan

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestShadersAreCompiled holds spv to shaders: spv/SUMS has the sums of all texts and of what was compiled from them at once.
func TestShadersAreCompiled(t *testing.T) {
	sums, err := os.ReadFile("spv/SUMS")
	require.NoError(t, err)
	first, list, _ := strings.Cut(string(sums), "\n")
	_, list, _ = strings.Cut(list, "\n") // the compiler of matrices
	var files, listed []string
	for _, pattern := range []string{"shaders/*.comp", "shaders/*.glsl", "spv/*.spv"} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		files = append(files, found...)
	}
	for line := range strings.Lines(list) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Equal(t, sum, fmt.Sprintf("%x", sha256.Sum256(text)), "%s has changed since spv/SUMS was written: run ./compile", name)
		listed = append(listed, name)
	}
	require.ElementsMatch(t, files, listed, "spv/SUMS lists other files: run ./compile")
	for _, name := range files {
		if base, ok := strings.CutSuffix(filepath.Base(name), ".comp"); ok {
			require.Contains(t, files, "spv/"+base+".spv")
		} else if base, ok := strings.CutSuffix(filepath.Base(name), ".spv"); ok {
			base, _, _ = strings.Cut(base, "_matrix")
			require.Contains(t, files, "shaders/"+base+".comp", "nothing is compiled to %s", name)
		}
	}
	recompile(t, strings.TrimPrefix(first, "# "), files)
}

// recompile compares what the compiler of spv/SUMS makes of the texts now, where it is at hand.
func recompile(t *testing.T, compiler string, files []string) {
	version, err := exec.Command("glslangValidator", "--version").Output()
	if now, _, _ := strings.Cut(string(version), "\n"); err != nil || now != compiler {
		t.Logf("not compiled again: spv was made by %q, and here is %q", compiler, now)
		return
	}
	folder := t.TempDir()
	compile := exec.Command("./compile")
	compile.Env = append(os.Environ(), "OUT="+folder)
	out, err := compile.CombinedOutput()
	require.NoError(t, err, string(out))
	for _, name := range slices.DeleteFunc(files, func(name string) bool { return filepath.Ext(name) != ".spv" || strings.Contains(name, "_matrix") }) {
		want, err := os.ReadFile(filepath.Join(folder, filepath.Base(name)))
		require.NoError(t, err)
		got, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Equal(t, want, got, "%s is not what its text compiles to: run ./compile", name)
	}
}

// TestShadersExplainThemselves requires the loop that a shader equals in its head comment.
func TestShadersExplainThemselves(t *testing.T) {
	files, err := filepath.Glob("shaders/*.comp")
	require.NoError(t, err)
	for _, name := range files {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		head, _, ok := strings.Cut(string(text), "layout(push_constant)")
		require.True(t, ok, "%s has no push constants", name)
		require.Contains(t, head, "\n// ", "%s does not say what it computes", name)
	}
}
