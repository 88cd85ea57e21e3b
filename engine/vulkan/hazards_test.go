//go:build vulkan

package vulkan

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// access is one command of a random stream.
type access struct{ reads, writes []span }

func drawSpans(t *rapid.T, name string) []span {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) span {
		from := rapid.Uint64Range(0, 40).Draw(t, "from")
		return span{from, from + rapid.Uint64Range(1, 8).Draw(t, "bytes")}
	}), 0, 3).Draw(t, name)
}

// meet tells byte by byte whether two commands may not run side by side.
func meet(a, b access) bool {
	touches := func(spans []span, at uint64) bool {
		for _, s := range spans {
			if s.from <= at && at < s.to {
				return true
			}
		}
		return false
	}
	for at := range uint64(50) {
		if touches(a.writes, at) && (touches(b.reads, at) || touches(b.writes, at)) || touches(a.reads, at) && touches(b.writes, at) {
			return true
		}
	}
	return false
}

// TestHazards compares the tracker with a model that knows each byte: there is a barrier between two commands that meet, and one is made
// only where the command meets one since the last.
func TestHazards(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var h hazards
		var since []access
		for range rapid.IntRange(1, 40).Draw(t, "commands") {
			now := access{drawSpans(t, "reads"), drawSpans(t, "writes")}
			must := false
			for _, a := range since {
				must = must || meet(a, now)
			}
			if h.conflict(now.reads, now.writes) {
				require.True(t, must || len(h.reads)+len(h.writes) > most, "a barrier for nothing")
				h.clear()
				since = nil
			} else {
				require.False(t, must, "two commands that meet, without a barrier")
			}
			h.note(now.reads, now.writes)
			since = append(since, now)
		}
	})
}

// TestManyHazards bounds what is searched.
func TestManyHazards(t *testing.T) {
	var h hazards
	for i := range uint64(10 * most) {
		s := []span{{2 * i, 2*i + 1}}
		if h.conflict(s, nil) {
			h.clear()
		}
		h.note(s, nil)
		require.LessOrEqual(t, len(h.reads), most+1)
	}
}
