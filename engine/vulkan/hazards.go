//go:build vulkan

package vulkan

// span is a range of device addresses.
type span struct{ from, to uint64 }

func (s span) overlaps(t span) bool { return s.from < t.to && t.from < s.to }

// hazards knows what was read and written since the last barrier. A dispatch needs a barrier before it if it reads what was written, or
// writes what was written or read; two that only read the same run side by side.
type hazards struct{ reads, writes []span }

// most is how many ranges are remembered. Beyond it a barrier costs less than the search.
const most = 128

// conflict tells whether these accesses must wait for those before.
func (h *hazards) conflict(reads, writes []span) bool {
	return len(h.reads)+len(h.writes) > most || anyOverlap(h.writes, reads) || anyOverlap(h.writes, writes) || anyOverlap(h.reads, writes)
}

func anyOverlap(a, b []span) bool {
	for _, s := range a {
		for _, t := range b {
			if s.overlaps(t) {
				return true
			}
		}
	}
	return false
}

// note remembers accesses.
func (h *hazards) note(reads, writes []span) {
	h.reads = append(h.reads, reads...)
	h.writes = append(h.writes, writes...)
}

// clear forgets all: there is a barrier now.
func (h *hazards) clear() { h.reads, h.writes = h.reads[:0], h.writes[:0] }
