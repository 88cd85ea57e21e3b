package data

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// counted is a set of videos of 5 frames of 10×8 pixels that counts its calls.
type counted struct {
	opened, read atomic.Int32
	broken       bool
}

func (d *counted) set() *Dataset {
	set := &Dataset{Modality: Video}
	for i := range 4 {
		set.Items = append(set.Items, Item{Name: fmt.Sprint("video", i), Label: i, Open: func(_ context.Context, opt OpenOptions) (Sample, error) {
			d.opened.Add(1)
			return NewSample("", 5, opt, func(_ context.Context, t int) (*Frames, error) {
				d.read.Add(1)
				if d.broken {
					return nil, errors.New("broken")
				}
				return grey(10, 8, uint8(10*i+t)), nil
			}), nil
		}})
	}
	return set
}

// readFrom opens sample i and reads two frames of it.
func readFrom(t *testing.T, d *Dataset, i int) {
	t.Helper()
	sample, err := d.Items[i].Open(t.Context(), OpenOptions{})
	require.NoError(t, err)
	require.Equal(t, 5, sample.Len())
	f, err := sample.Read(t.Context(), []int{4, 1})
	require.NoError(t, err)
	require.Equal(t, []uint8{uint8(10*i + 4), uint8(10*i + 1)}, firsts(f))
	require.Equal(t, [2]int{6, 6}, [2]int{f.H, f.W})
	clear(f.Pix) // the returned frames belong to the caller
}

func TestCacheKeepsWhatFits(t *testing.T) {
	const sample = 5 * 6 * 6 * 3
	d := &counted{}
	c := Cache(d.set(), NewBudget(2*sample+sample/2), 6, 6)
	require.Equal(t, "video3", c.Items[3].Name)
	for range 3 {
		for i := range 3 {
			readFrom(t, c, i)
		}
	}
	require.Equal(t, int32(1+1+3), d.opened.Load(), "the third never fits")
	require.Equal(t, int32(5+5+3*2), d.read.Load())
}

func TestCachesShareABudget(t *testing.T) {
	const sample = 5 * 6 * 6 * 3
	memory := NewBudget(sample)
	first, second := &counted{}, &counted{}
	a, b := Cache(first.set(), memory, 6, 6), Cache(second.set(), memory, 6, 6)
	for range 3 {
		readFrom(t, a, 0)
		readFrom(t, b, 0)
	}
	require.Equal(t, int32(1), first.opened.Load())
	require.Equal(t, int32(3), second.opened.Load(), "nothing was left for the second")
	require.Equal(t, int32(3*2), second.read.Load(), "what is not kept is not decoded whole")
}

func TestCacheGivesBackAfterErrors(t *testing.T) {
	d := &counted{broken: true}
	c := Cache(d.set(), NewBudget(5*6*6*3), 6, 6)
	for range 3 {
		sample, err := c.Items[0].Open(t.Context(), OpenOptions{})
		require.NoError(t, err)
		_, err = sample.Read(t.Context(), []int{0})
		require.EqualError(t, err, "broken")
	}
	d.broken = false
	readFrom(t, c, 0)
	readFrom(t, c, 0)
	require.Equal(t, int32(4), d.opened.Load())
}

func TestCacheIsSafeForConcurrentUse(t *testing.T) {
	d := &counted{}
	memory := NewBudget(3 * 5 * 6 * 6 * 3)
	c := Cache(d.set(), memory, 6, 6)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for k := range 40 {
				readFrom(t, c, k%4)
			}
		})
	}
	wg.Wait()
	require.GreaterOrEqual(t, memory.free.Load(), int64(0))
	for i := range c.Items { // what two goroutines refused each other is kept now
		readFrom(t, c, i)
	}
	require.Zero(t, memory.free.Load())
	before := d.opened.Load()
	for i := range c.Items {
		readFrom(t, c, i)
	}
	require.Equal(t, before+1, d.opened.Load(), "three are kept, and the fourth never fits")
}

// Images are kept at their own sizes where none is given, by the memory that they take.
func TestCacheKeepsOwnSizes(t *testing.T) {
	opened, set := 0, &Dataset{Modality: Image}
	for i, h := range []int{5, 9, 7} {
		set.Items = append(set.Items, Item{Open: func(context.Context, OpenOptions) (Sample, error) {
			opened++
			return inMemory("", []*Frames{grey(h, 4, uint8(i))}), nil
		}})
	}
	c := Cache(set, NewBudget((5+7)*4*3), 0, 0)
	for range 3 {
		for i, h := range []int{5, 9, 7} {
			sample, err := c.Items[i].Open(t.Context(), OpenOptions{})
			require.NoError(t, err)
			f, err := sample.Read(t.Context(), []int{0})
			require.NoError(t, err)
			require.Equal(t, grey(h, 4, uint8(i)), f)
		}
	}
	require.Equal(t, 1+3+1, opened, "the second does not fit")
}

// A cache keeps frames of its size; another size is decoded from the file. What is longer than a video may be is not kept.
func TestCacheOfOtherSizes(t *testing.T) {
	d := &counted{}
	c := Cache(d.set(), NewBudget(1<<20), 6, 4)
	for range 2 {
		for i, opt := range []OpenOptions{{H: 6, W: 4}, {}, {H: 4, W: 6}} {
			sample, err := c.Items[1].Open(t.Context(), opt)
			require.NoError(t, err)
			f, err := sample.Read(t.Context(), []int{2})
			require.NoError(t, err)
			require.Equal(t, grey([]int{6, 6, 4}[i], []int{4, 4, 6}[i], 12), f)
		}
	}
	require.Equal(t, int32(1+2), d.opened.Load())
	sample, err := c.Items[1].Open(t.Context(), OpenOptions{})
	require.NoError(t, err)
	_, err = sample.Read(t.Context(), []int{5})
	require.EqualError(t, err, "video1: frame 5 asked for, but there are 5")

	for n, kept := range map[int]bool{170: true, 171: false} { // of 3 MiB each
		memory := NewBudget(1 << 40)
		ctx, cancel := context.WithCancel(t.Context())
		long := &Dataset{Modality: Video, Items: []Item{{Open: func(context.Context, OpenOptions) (Sample, error) {
			return NewSample("long", n, OpenOptions{}, func(context.Context, int) (*Frames, error) {
				require.Equal(t, int64(1<<40-3<<20*n), memory.free.Load(), "reserved")
				cancel()
				return NewFrames(1, 1024, 1024), nil
			}), nil
		}}}}
		_, err = Cache(long, memory, 1024, 1024).Items[0].Open(ctx, OpenOptions{})
		require.NoError(t, err)
		require.Equal(t, kept, ctx.Err() != nil, "%d frames", n)
		require.Equal(t, int64(1<<40), memory.free.Load(), "what was not kept is given back")
		cancel()
	}
}
