//go:build vulkan

package vulkan

import (
	"time"

	"mien/engine/vulkan/vk"
)

// Counts is how often something happened.
type Counts struct{ Kernels, Barriers, Submissions int }

// depth is how many batches may be recorded or under way. While the device works on some, the host records the next.
const depth = 4

// longest is how many kernels a batch has at most; the first one of a series is shorter, so that the device starts early.
const longest, early = 64, 8

// stream is the one queue of a device, in order.
type stream struct {
	device  *vk.Device
	ring    [depth]*batch
	number  uint64 // of the batch that is recorded, from 1
	done    uint64 // all batches up to this one are done
	hazards hazards
	profile *profile // nil while no times are noted
	limit   float64  // floating point operations of a batch
	counts  Counts
	lose    func() bool // nil but for tests
	trial   trial       // nil but for tests
	err     error       // the first one; nothing is done after it
}

// command is a dispatch or a copy. A dispatch is overwritten by the next one once it is recorded.
type command interface{ record(b *batch) }

// copying is a command that copies.
type copying func(b *batch)

func (c copying) record(b *batch) { c(b) }

// trial is another way of handing over work, which must not change results, for tests.
type trial interface {
	// add records a command, or holds it back.
	add(b *batch, reads, writes []span, c command)
	// settle records what is held back, before a barrier and the end of a batch.
	settle(b *batch)
}

// batch is a command buffer.
type batch struct {
	*vk.Commands
	recording bool
	kernels   int
	work      float64
	noted     []string // kernels by timestamps, in a profile
}

func (s *stream) open(device *vk.Device, config Config) error {
	s.device, s.number, s.lose = device, 1, config.Lose
	// A watchdog stops what runs for about two seconds.
	s.limit = map[vk.DeviceType]float64{vk.Discrete: 2e11, vk.Software: 5e9}[device.Type]
	if s.limit == 0 {
		s.limit = 2e10
	}
	stamps := 0
	if device.HasTimestamps() {
		stamps = 2 * longest
	}
	for i := range s.ring {
		commands, err := device.NewCommands(stamps)
		if err != nil {
			return err
		}
		s.ring[i] = &batch{Commands: commands}
	}
	return nil
}

func (s *stream) close() {
	for _, b := range s.ring {
		if b != nil {
			b.Destroy()
		}
	}
}

// fail keeps the first error; nil is none.
func (s *stream) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

// current returns the batch that is recorded; nil after an error.
func (s *stream) current() *batch {
	b := s.ring[s.number%depth]
	if s.err != nil {
		return nil
	}
	if b.recording {
		return b
	}
	if s.number > depth {
		s.waitFor(s.number - depth)
	}
	if s.err == nil {
		s.fail(b.Begin())
	}
	if s.err != nil {
		return nil
	}
	b.recording, b.kernels, b.work, b.noted = true, 0, 0, b.noted[:0]
	if s.profile != nil {
		b.ResetTimestamps(2 * longest)
	}
	return b
}

// record adds a command that accesses memory, behind a barrier if it must wait. It returns the number of the batch, 0 after
// an error.
func (s *stream) record(reads, writes []span, work float64, c command) (number uint64) {
	b := s.current()
	if b != nil && b.kernels > 0 && (b.kernels >= longest || b.work+work > s.limit) {
		s.flush() // before what would make the batch too long
		b = s.current()
	}
	if b == nil {
		return 0
	}
	if s.hazards.conflict(reads, writes) {
		s.barrier(b)
	}
	s.hazards.note(reads, writes)
	b.kernels++
	b.work += work
	s.counts.Kernels++
	number = s.number
	if s.trial != nil {
		s.trial.add(b, reads, writes, c)
	} else {
		c.record(b)
	}
	if s.done+1 == s.number && b.kernels >= early {
		s.flush()
	}
	return number
}

// barrier has what comes wait for what is recorded.
func (s *stream) barrier(b *batch) {
	s.settle(b)
	b.Barrier()
	s.hazards.clear()
	s.counts.Barriers++
}

func (s *stream) settle(b *batch) {
	if s.trial != nil {
		s.trial.settle(b)
	}
}

// flush hands the batch to the device.
func (s *stream) flush() {
	b := s.ring[s.number%depth]
	if s.err != nil || !b.recording {
		return
	}
	s.settle(b)
	b.recording = false
	if err := s.unlessLost(b.Submit); err != nil {
		s.fail(err)
		return
	}
	s.counts.Submissions++
	s.number++
}

// unlessLost calls the device, unless a test has it lost.
func (s *stream) unlessLost(call func() error) error {
	if s.lose != nil && s.lose() {
		return vk.Lost
	}
	return call()
}

// patience is how long one call waits. A blocked call cannot be interrupted; between two of them there is nothing to do but go on.
const patience = 100 * time.Millisecond

func (b *batch) awaited() error { return b.Wait(patience) }

// waitFor waits until a batch that was handed over is done, and all before it.
func (s *stream) waitFor(number uint64) {
	for s.done < min(number, s.number-1) && s.err == nil {
		b := s.ring[(s.done+1)%depth]
		err := s.unlessLost(b.awaited)
		if err == vk.Timeout {
			continue
		}
		if err == nil && s.profile != nil {
			err = s.profile.add(b)
		}
		if err != nil {
			s.fail(err)
			return
		}
		s.done++
	}
}

// finish hands a batch over if it is still recorded, and waits until it is done.
func (s *stream) finish(number uint64) {
	if number == s.number {
		s.flush()
	}
	s.waitFor(number)
}
