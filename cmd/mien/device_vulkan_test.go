//go:build vulkan

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"mien/engine/vulkan"
)

// TestVulkanScripts runs whole command lines with their output, in testdata/vulkan.
func TestVulkanScripts(t *testing.T) {
	devices, err := vulkan.Devices()
	require.NoError(t, err)
	testscript.Run(t, testscript.Params{
		Dir:  "testdata/vulkan",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"round": round},
		Setup: func(e *testscript.Env) error {
			golden, err := filepath.Abs("../../testdata/golden")
			e.Setenv("GOLDEN", golden)
			e.Setenv("XDG_CACHE_HOME", filepath.Join(e.WorkDir, "cache"))
			shared, _ := os.UserCacheDir()
			e.Setenv("MESA_SHADER_CACHE_DIR", shared) // of software Vulkan, whose compiler is slow
			e.Setenv("VK_LOADER_LAYERS_DISABLE", os.Getenv("VK_LOADER_LAYERS_DISABLE"))
			return err
		},
		Condition: func(cond string) (bool, error) {
			return cond == "software" && len(devices) == 1 && devices[0].Type == "software", nil
		},
	})
}

// TestVulkanKilledAndResumed kills processes at any moment of what they do with a device.
func TestVulkanKilledAndResumed(t *testing.T) { killAndResume(t, "vulkan") }

// failing has devices of this process fail in some way.
func failing(t *testing.T, how func(*vulkan.Config)) {
	newVulkan = func(c vulkan.Config) (*vulkan.Backend, error) {
		how(&c)
		return vulkan.New(c)
	}
	t.Cleanup(func() { newVulkan = vulkan.New })
}

// TestVulkanAuto takes a GPU if it can be opened and computes rightly, and else the CPU, and says why.
func TestVulkanAuto(t *testing.T) {
	listVulkan = func() ([]vulkan.Device, error) {
		devices, err := vulkan.Devices()
		devices = slices.Repeat(devices[:1], 2)
		devices[0].Type, devices[1].Type = "other", "integrated"
		return devices, err
	}
	t.Cleanup(func() { listVulkan = vulkan.Devices })
	auto := func() (name, said string) {
		var stderr strings.Builder
		b := autoDevice(&stderr)
		defer b.Close()
		return b.Name(), stderr.String()
	}
	name, said := auto()
	require.Contains(t, name, "vulkan/")
	require.Empty(t, said)
	failing(t, func(c *vulkan.Config) { c.Device = 99 })
	name, said = auto()
	require.Contains(t, name, "cpu/")
	require.Regexp(t, `^mien: computing on the CPU: there is no device 99: choose one of 0 \(.+\n$`, said)
	failing(t, func(c *vulkan.Config) { c.Lose = func() bool { return true } })
	name, said = auto()
	require.Contains(t, name, "cpu/")
	require.Regexp(t, `^mien: computing on the CPU: .*the device was lost.+\n$`, said)
}

// TestVulkanFailures has the device fail under whole commands: each ends with one line.
func TestVulkanFailures(t *testing.T) {
	const model = "../../testdata/golden/released_form.pth"
	list := filepath.Join(t.TempDir(), "faces.txt")
	require.NoError(t, os.WriteFile(list, []byte("face.png 6\n"), 0o644))
	const golden = "../../testdata/golden"
	commands := [][]string{
		{"finetune", "--recipe", "s4d-tiny", "--out", "OUT"}, {"pretrain", "--recipe", "s4d-tiny-pretrain", "--out", "OUT"},
		{"predict", "--face", "none", "--model", model, golden + "/face.png", golden + "/clip"}, {"eval", "--model", model, "--static-list", list, "--static-root", golden},
		{"bench", "gemm"}, {"bench", "train", "--model", "vit-tiny", "--tokens", "25"},
		{"explain", "--model", model, "--out", "OUT", golden + "/face.png", golden + "/clip"},
	}
	for kind, how := range map[string]struct {
		fail func(*vulkan.Config)
		want string
	}{
		"lost at once": {func(c *vulkan.Config) { c.Lose = func() bool { return true } }, `mien: .*vulkan/.+: the device was lost: its driver stopped, .+`},
		"lost later": {func(c *vulkan.Config) {
			n := 0
			c.Lose = func() bool { n++; return n > 3 }
		}, `mien: .*vulkan/.+: the device was lost: its driver stopped, .+`},
		"full": {func(c *vulkan.Config) { c.Refuse = func(int) bool { return true } },
			`mien: .*vulkan/.+ has no room for \d+\.\d MiB \(out of device memory, with \d+ MiB held of \d+\): choose a smaller batch or model, .+`},
		"full later": {func(c *vulkan.Config) {
			c.Slab, c.Refuse = 1<<10, func(n int) bool { return n > 64<<10 }
		}, `mien: .*vulkan/.+ has no room for \d+\.\d MiB \(out of device memory, .+\): choose a smaller batch or model, .+`},
	} {
		for _, args := range commands {
			t.Run(kind+"/"+strings.Join(args[:2], " "), func(t *testing.T) {
				failing(t, how.fail)
				args = append(slices.Clone(args), "--device", "vulkan")
				if i := slices.Index(args, "OUT"); i >= 0 {
					args[i] = filepath.Join(t.TempDir(), "out")
				}
				code, _, stderr := mien(args...)
				require.NotZero(t, code)
				lines := strings.Split(strings.TrimSuffix(stderr, "\n"), "\n")
				require.Regexp(t, "^"+how.want+"$", lines[len(lines)-1])
				require.NotContains(t, stderr, "internal error")
				require.Equal(t, 1, strings.Count(stderr, "vulkan/"), "one line says so")
			})
		}
	}
}

// TestVulkanFailuresInTables loses the device where results are rows: the row says so.
func TestVulkanFailuresInTables(t *testing.T) {
	failing(t, func(c *vulkan.Config) { c.Lose = func() bool { return true } })
	code, stdout, _ := mien("devices")
	require.Zero(t, code)
	require.Regexp(t, `(?m)^vulkan:0 .*: the device was lost: .*$`, stdout)
	code, stdout, _ = mien("gradcheck", "LogSoftmax", "--device", "vulkan")
	require.Equal(t, 1, code)
	require.Regexp(t, `(?m)^LogSoftmax .*: the device was lost: .*$`, stdout)
}
