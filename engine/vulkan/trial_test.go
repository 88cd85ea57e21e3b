//go:build vulkan

package vulkan

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"

	"mien/engine/vulkan/vk"
)

// Ways of handing over work that show what the tracker of hazards was not told. Software Vulkan runs each command to its end before the
// next one, so that nothing is ever early there by itself.

// NewReversed returns a backend with batches of random lengths, in which commands that no barrier parts run last to first: a device may
// do that, so whatever is wrong then needs a barrier that is not there.
func NewReversed(config Config) (*Backend, error) {
	b, err := New(config)
	if err == nil {
		b.stream.trial = &reversed{b: b, rng: rand.New(rand.NewPCG(1, 2))}
	}
	return b, err
}

type reversed struct {
	b    *Backend
	rng  *rand.Rand
	held []command
}

func (r *reversed) add(_ *batch, _, _ []span, c command) {
	if dispatch, ok := c.(*call); ok {
		kept := *dispatch
		kept.push = slices.Clone(kept.push)
		c = &kept
	}
	r.held = append(r.held, c)
	if r.rng.IntN(10) == 0 {
		r.b.stream.flush()
	}
}

func (r *reversed) settle(b *batch) {
	for _, c := range slices.Backward(r.held) {
		c.record(b)
	}
	r.held = r.held[:0]
}

// NewPoisoned returns a backend that waits after each command, which finds all memory of tensors filled with 0xff but for what it declares.
// Floats of these bits are NaN, so whatever else it reads spoils its results; and report is told of each command that changes what it does
// not say that it writes.
func NewPoisoned(config Config, report func(problem string)) (*Backend, error) {
	b, err := New(config)
	if err == nil {
		b.stream.trial = &poisoned{b, map[*vk.Memory][]byte{}, report}
	}
	return b, err
}

type poisoned struct {
	b        *Backend
	contents map[*vk.Memory][]byte // which the memory itself has only while a command needs them
	report   func(problem string)
}

func (p *poisoned) add(at *batch, reads, writes []span, c command) {
	s := &p.b.stream
	for one := range p.b.memory.all.Memories() {
		if err := p.begin(one, slices.Concat(reads, writes)); err != nil {
			s.fail(err)
			return
		}
	}
	c.record(at)
	s.finish(s.number)
	for one := range p.b.memory.all.Memories() {
		if !p.end(one, reads, writes) && s.err == nil {
			p.report(fmt.Sprintf("%s, or a copy after it, changes memory of which it does not say so", p.b.call.key.shader))
		}
	}
}

func (p *poisoned) settle(*batch) {}

// begin gives memory the contents that a command declares.
func (p *poisoned) begin(m *vk.Memory, declared []span) error {
	if p.contents[m] == nil {
		if err := m.Map(); err != nil {
			return err
		}
		fill(m.Bytes)
		p.contents[m] = slices.Clone(m.Bytes)
	}
	for _, d := range declared {
		copy(within(m, m.Bytes, d), within(m, p.contents[m], d))
	}
	return nil
}

// end takes them back, and tells whether nothing else than what the command writes has changed.
func (p *poisoned) end(m *vk.Memory, reads, writes []span) bool {
	now, contents, clean := m.Bytes, p.contents[m], true
	for _, w := range writes {
		copy(within(m, contents, w), within(m, now, w))
	}
	for _, r := range reads {
		clean = clean && bytes.Equal(within(m, contents, r), within(m, now, r))
	}
	for _, d := range slices.Concat(reads, writes) {
		fill(within(m, now, d))
	}
	if !filled(now) {
		fill(now)
		return false
	}
	return clean
}

// within returns the bytes of memory, or of a copy, in a range of addresses.
func within(m *vk.Memory, bytes []byte, at span) []byte {
	from, to := max(at.from, m.Address), min(at.to, m.Address+uint64(len(bytes)))
	if from >= to {
		return nil
	}
	return bytes[from-m.Address : to-m.Address]
}

var poison = bytes.Repeat([]byte{0xff}, 64<<10)

func fill(to []byte) {
	for len(to) > 0 {
		to = to[copy(to, poison):]
	}
}

func filled(in []byte) bool {
	for piece := range slices.Chunk(in, len(poison)) {
		if !bytes.Equal(piece, poison[:len(piece)]) {
			return false
		}
	}
	return true
}
