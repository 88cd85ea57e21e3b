package data

import (
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

func (d *counted) Modality() Modality { return Video }
func (d *counted) Len() int           { return 4 }
func (d *counted) Name(i int) string  { return fmt.Sprint("video", i) }
func (d *counted) Label(i int) int    { return i }
func (d *counted) Classes() []string  { return nil }

func (d *counted) Open(i int) (Sample, error) {
	d.opened.Add(1)
	return &countedSample{d, i}, nil
}

type countedSample struct {
	d *counted
	i int
}

func (c *countedSample) Len() int { return 5 }

func (c *countedSample) Read(indices []int) (*Frames, error) {
	c.d.read.Add(int32(len(indices)))
	if c.d.broken {
		return nil, errors.New("broken")
	}
	f := NewFrames(len(indices), 10, 8)
	for t, index := range indices {
		copy(f.Frame(t), grey(10, 8, uint8(10*c.i+index)).Pix)
	}
	return f, nil
}

// readFrom opens sample i and reads two frames of it.
func readFrom(t *testing.T, d Dataset, i int) {
	t.Helper()
	sample, err := d.Open(i)
	require.NoError(t, err)
	require.Equal(t, 5, sample.Len())
	f, err := sample.Read([]int{4, 1})
	require.NoError(t, err)
	require.Equal(t, []uint8{uint8(10*i + 4), uint8(10*i + 1)}, firsts(f))
	require.Equal(t, [2]int{6, 6}, [2]int{f.H, f.W})
	clear(f.Pix) // the returned frames belong to the caller
}

func TestCacheKeepsWhatFits(t *testing.T) {
	const sample = 5 * 6 * 6 * 3
	d := &counted{}
	c := Cache(d, NewBudget(2*sample+sample/2), 6, 6)
	require.Equal(t, "video3", c.Name(3))
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
	a, b := Cache(first, memory, 6, 6), Cache(second, memory, 6, 6)
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
	c := Cache(d, NewBudget(5*6*6*3), 6, 6)
	for range 3 {
		_, err := c.Open(0)
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
	c := Cache(d, memory, 6, 6)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for k := range 40 {
				readFrom(t, c, k%4)
			}
		})
	}
	wg.Wait()
	require.GreaterOrEqual(t, memory.free, int64(0))
	kept := int64(0)
	c.(*cache).samples.Range(func(any, any) bool { kept++; return true })
	require.Equal(t, int64(3*5*6*6*3), memory.free+kept*5*6*6*3)
}
