//go:build vulkan

package vulkan

import (
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"mien/engine"
)

// TestSlabs allocates and frees at random: blocks are large enough and aligned, and the figures add up.
func TestSlabs(t *testing.T) {
	b := open(t, Config{Slab: 16 << 10})
	rapid.Check(t, func(t *rapid.T) {
		m := slabs{device: b.device, size: 16 << 10, idle: b.Sync}
		defer m.close()
		var live []*block
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			if len(live) > 0 && rapid.Bool().Draw(t, "free") {
				i := rapid.IntRange(0, len(live)-1).Draw(t, "which")
				m.free(live[i])
				live[i] = live[len(live)-1]
				live = live[:len(live)-1]
				continue
			}
			n := rapid.IntRange(0, 20_000).Draw(t, "bytes")
			one, err := m.alloc(n)
			require.NoError(t, err)
			require.GreaterOrEqual(t, one.Size, n)
			require.Zero(t, one.address()%granule)
			live = append(live, one)
		}
		bytes := 0
		for _, one := range live {
			bytes += one.Size
		}
		require.Equal(t, bytes, m.stats.LiveBytes)
		require.Equal(t, m.all.Size()-bytes, m.stats.PoolBytes)
		for _, one := range live {
			m.free(one)
		}
		require.Zero(t, m.stats.LiveBytes)
		require.NoError(t, m.trim())
		require.Zero(t, m.stats.PoolBytes)
		require.Zero(t, m.all.Size())
	})
}

// TestRefusedMemory has the device refuse memory: the error says how much there is, and what is freed later serves again.
func TestRefusedMemory(t *testing.T) {
	room := 64 << 10
	b := open(t, Config{Slab: 16 << 10, Refuse: func(n int) bool { room -= n; return room < 0 }})
	var live []*block
	var err error
	for err == nil {
		var one *block
		if one, err = b.memory.alloc(16 << 10); err == nil {
			live = append(live, one)
		}
	}
	require.Regexp(t, `^out of device memory, with 0\.\d MiB held of \d+$|^out of device memory, with 0 MiB held of \d+$`, err.Error())
	require.NotEmpty(t, live)
	for _, one := range live[1:] {
		b.memory.free(one)
	}
	_, err = b.memory.alloc(16 << 10)
	require.NoError(t, err)
}

// TestLargestBuffer has a device whose buffers are small: slabs are no larger, and what is larger than any is refused.
func TestLargestBuffer(t *testing.T) {
	b := open(t, Config{})
	device := *b.device.PhysicalDevice
	device.BufferBytes = 40<<10 + 100
	b.device.PhysicalDevice = &device
	held := func() int { return b.Stats().LiveBytes + b.Stats().PoolBytes }
	for i := range 3 {
		_, err := b.memory.alloc(30 << 10)
		require.NoError(t, err)
		require.Equal(t, (i+1)*40<<10, held())
	}
	_, err := b.memory.alloc(40 << 10)
	require.NoError(t, err)
	_, err = b.memory.alloc(40<<10 + 1)
	require.EqualError(t, err, "more than the 0 MiB that the device has in one piece")
	require.Equal(t, 160<<10, held())
}

// TestTrimmedSlabs needs a large piece where small ones are free: the device gets those back and is asked again.
func TestTrimmedSlabs(t *testing.T) {
	held, most := 0, 100<<10
	b := open(t, Config{})
	m := slabs{device: b.device, size: 16 << 10, idle: b.Sync}
	m.refuse = func(n int) bool {
		held = m.stats.LiveBytes + m.stats.PoolBytes
		return held+n > most
	}
	defer m.close()
	var live []*block
	for range 4 {
		one, err := m.alloc(16 << 10)
		require.NoError(t, err)
		live = append(live, one)
	}
	_, err := m.alloc(90 << 10)
	require.Error(t, err, "all is in use")
	for _, one := range live {
		m.free(one)
	}
	_, err = m.alloc(90 << 10)
	require.NoError(t, err)
}

// TestDroppedTensors drops tensors without freeing them: their memory serves others when the garbage collector has noticed, and that of
// tensors that live or were freed does so once.
func TestDroppedTensors(t *testing.T) {
	b := open(t, Config{Slab: 1 << 20})
	kept := engine.Filled(b, engine.Float32, 7, 1000)
	live := b.Stats().LiveBytes
	for range 100 {
		engine.Filled(b, engine.Float32, 1, 1000)
		engine.Filled(b, engine.Float32, 2, 1000).Free()
	}
	require.Eventually(t, func() bool {
		runtime.GC()
		engine.New(b, engine.Float32).Free()
		return b.Stats().LiveBytes == live
	}, 10*time.Second, time.Millisecond)
	require.LessOrEqual(t, b.Stats().PoolBytes+live, 2<<20)
	for range 200 {
		engine.Filled(b, engine.Float32, 3, 1000)
	}
	values, err := engine.Read[float32](kept)
	require.NoError(t, err)
	require.Equal(t, slices.Repeat([]float32{7}, 1000), values)
}

// open returns a backend on the first device that is closed at the end of the test.
func open(t *testing.T, config Config) *Backend {
	t.Helper()
	b, err := New(config)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return b
}
