//go:build vulkan

package run

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mien/data"
	"mien/engine"
	"mien/engine/cpu"
	"mien/engine/vulkan"
	"mien/engine/vulkan/vk"
	"mien/modelfile"
)

// Whole runs on the first Vulkan device.

// onVulkan returns a backend that is closed at the end of the test.
func onVulkan(t *testing.T, config vulkan.Config) *vulkan.Backend {
	t.Helper()
	b, err := vulkan.New(config)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return b
}

// losses returns those of the steps of a run.
func losses(t *testing.T, o Options) (all []float64) {
	t.Helper()
	for _, e := range log(t, o) {
		if e.Format == stepFormat {
			all = append(all, e.Loss)
		}
	}
	return all
}

// TestVulkanRuns carries out runs on one device: they have the same bits again, and killed and resumed; all memory comes back; and they learn
// what the CPU does.
func TestVulkanRuns(t *testing.T) {
	for _, name := range []string{"s4d-tiny-pretrain", "s4d-tiny"} {
		b := onVulkan(t, vulkan.Config{})
		r := toy(t, name)
		on := func(b engine.Backend) Options {
			o := options(t, r)
			o.Backend = b
			return o
		}
		whole := on(b)
		want := trained(t, whole)
		require.Equal(t, want, trained(t, on(b)), name)
		require.Zero(t, b.Stats().LiveBytes, "a run gives back what it has")
		steps := len(whole.Watch.(*watched).steps)
		for _, at := range []int{1, steps / 2, steps - 1} {
			o := on(b)
			interrupt(t, o, at)
			require.Zero(t, b.Stats().LiveBytes, "interrupted")
			o.Resume = true
			require.Equal(t, want, trained(t, o), "%s, interrupted at step %d", name, at)
			for _, file := range []string{identityFile, modelfile.Name, logFile, metricsFile, recipeFile} {
				a, err := os.ReadFile(filepath.Join(whole.Out, file))
				require.NoError(t, err)
				b, err := os.ReadFile(filepath.Join(o.Out, file))
				require.NoError(t, err)
				require.True(t, bytes.Equal(a, b), "%s of %s differs, interrupted at step %d", file, name, at)
			}
		}
		cpu := on(cpu.New())
		trained(t, cpu)
		there := losses(t, cpu)
		for i, loss := range losses(t, whole)[:6] {
			require.InDelta(t, there[i], loss, 1e-4*math.Abs(there[i]), "%s, step %d", name, i)
		}
	}
}

// TestVulkanRunIsOfItsDevice begins a run on one backend and goes on with another, which would have other bits: it is refused, as with
// other kernels of the CPU, and both names are said.
func TestVulkanRunIsOfItsDevice(t *testing.T) {
	b := onVulkan(t, vulkan.Config{})
	backends := []engine.Backend{b, cpu.New()}
	for i, first := range backends {
		second := backends[1-i]
		o := options(t, toy(t, "s4d-tiny"))
		o.Backend = first
		interrupt(t, o, 7)
		o.Backend, o.Resume = second, true
		_, err := Train(t.Context(), o)
		require.EqualError(t, err, "run folder "+o.Out+" belongs to another run: the backend is "+first.Name()+" there and "+second.Name()+
			" here: resume with the same, or give another --out")
		o.Backend = first
		trained(t, o)
		var m Metrics
		text, err := os.ReadFile(filepath.Join(o.Out, metricsFile))
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &m))
		require.Equal(t, first.Name(), m.Environment.Backend)
		after := options(t, toy(t, "s4d-tiny"))
		after.Init, after.Backend = o.Out, second
		trained(t, after) // what it learned serves anywhere
	}
}

// TestVulkanRecipes has each kind of run take its first steps.
func TestVulkanRecipes(t *testing.T) {
	b := onVulkan(t, vulkan.Config{})
	images := alone(t, "image-tiny", data.Image)
	images.Recipe.Model.Tubelet = 1
	for name, o := range map[string]Options{
		"landmarks": options(t, toy(t, "landmarks-tiny")), "s2d": prompted(t, data.Video), "feadapter": adapted(t, data.Video), "image": images,
		"vitmoe": options(t, toy(t, "vitmoe-tiny")), "vitmtl": options(t, toy(t, "vitmtl-tiny")),
	} {
		o.Recipe.Train.Epochs = 1
		there := o
		there.Out = filepath.Join(t.TempDir(), "cpu")
		trained(t, there)
		o.Backend = b
		trained(t, o)
		require.InEpsilon(t, losses(t, there)[0], losses(t, o)[0], 1e-4, name)
		require.Zero(t, b.Stats().LiveBytes, name)
	}
}

// TestVulkanMemoryEnds gives a run less and less memory than it needs. It ends in one line with advice, holds nothing, and goes on where
// there is more.
func TestVulkanMemoryEnds(t *testing.T) {
	roomy := evaluated(t)
	b := onVulkan(t, vulkan.Config{Slab: 1 << 12})
	roomy.Backend = b
	want := trained(t, roomy)
	most := b.Stats().LiveBytes + b.Stats().PoolBytes
	for share := range 8 {
		left := most * share / 8
		scarce := onVulkan(t, vulkan.Config{Slab: 1 << 12, Refuse: func(n int) bool { left -= n; return left < 0 }})
		o := evaluated(t)
		o.Train, o.Validation, o.Backend = roomy.Train, roomy.Validation, scarce
		_, err := Train(t.Context(), o)
		var refused *engine.AllocError
		require.ErrorAs(t, err, &refused, "%d of %d bytes", most*share/8, most)
		require.ErrorIs(t, err, vk.OutOfMemory)
		require.Regexp(t, `^vulkan/.* has no room for \d+\.\d MiB \(out of device memory, with \d+ MiB held of \d+\): `+
			`choose a smaller batch or model, or --recompute in training$`, err.Error())
		require.Zero(t, scarce.Stats().LiveBytes, "%d of %d bytes", most*share/8, most)
		if share%3 == 1 {
			o.Backend, o.Resume = b, Begun(o.Out)
			require.Equal(t, want, trained(t, o))
		}
	}
}

// TestVulkanDeviceIsLost loses the device in the middle of a run. It ends in one line, its last checkpoint is whole, and resumed on a sound
// device it has the bits of a run without the accident.
func TestVulkanDeviceIsLost(t *testing.T) {
	whole := evaluated(t)
	calls := 0
	b := onVulkan(t, vulkan.Config{Lose: func() bool { calls++; return false }})
	whole.Backend = b
	want := trained(t, whole)
	for _, at := range []int{0, calls / 3, calls / 2, calls * 9 / 10} {
		n := 0
		doomed, err := vulkan.New(vulkan.Config{Lose: func() bool { n++; return n > at }})
		require.NoError(t, err)
		o := evaluated(t)
		o.Train, o.Validation, o.Backend = whole.Train, whole.Validation, doomed
		_, err = Train(t.Context(), o)
		require.ErrorContains(t, err, doomed.Name()+": the device was lost: its driver stopped, or something ran too long for its watchdog")
		require.NotContains(t, err.Error(), "\n")
		require.Error(t, doomed.Close())
		require.NoFileExists(t, filepath.Join(o.Out, modelfile.Name))
		o.Backend, o.Resume = b, Begun(o.Out)
		again := o.Watch.(*watched)
		before := len(again.notes)
		require.Equal(t, want, trained(t, o), "lost at call %d of %d", at, calls)
		require.NotContains(t, again.notes[before:], "damaged")
	}
}

// TestVulkanRunDoesNotGrow takes a thousand steps: device and heap hold as much after 903 of them as after 203, and the process grows
// by less than 3 kB a step in most of the tenths. A leak shows in every tenth; megabytes that come once are the driver's, whose allocator
// opens another arena when Go calls it from another thread.
func TestVulkanRunDoesNotGrow(t *testing.T) {
	b := onVulkan(t, vulkan.Config{})
	engine.FromSlice(b, engine.Uint8, make([]uint8, 64<<20), 64<<20).Free() // so that all pages of the ring for uploads are there
	r := toy(t, "vitmtl-tiny")
	r.Model.Depth, r.Train.Epochs = 1, 167 // of six steps
	o := options(t, r)
	o.Backend = b
	type held struct{ live, pool, heap, process int }
	var all []held
	steps := 0
	o.Watch = &watched{step: func() {
		if steps++; steps%100 == 3 {
			o.Watch.(*watched).steps = nil
			debug.FreeOSMemory()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			all = append(all, held{b.Stats().LiveBytes, b.Stats().PoolBytes, int(m.HeapAlloc), resident(t)})
		}
	}}
	trained(t, o)
	require.Len(t, all, 10)
	first, last := all[2], all[9]
	require.Equal(t, [2]int{first.live, first.pool}, [2]int{last.live, last.pool})
	require.Less(t, last.heap-first.heap, 700*500, "500 bytes a step of the heap")
	var grown []int
	for i := range all[2:9] {
		grown = append(grown, all[i+3].process-all[i+2].process)
	}
	slices.Sort(grown)
	require.Less(t, grown[len(grown)/2], 100*3000, "3 kB a step of the process: %v", grown)
}

// resident returns the memory of this process.
func resident(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	require.NoError(t, err)
	var size, pages int
	_, err = fmt.Sscan(string(text), &size, &pages)
	require.NoError(t, err)
	return pages * os.Getpagesize()
}
