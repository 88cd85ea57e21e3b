package cpu

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"mien/asm"
)

// job is work in parts. Who has time takes the next one, so that none waits for a goroutine that has yet to wake up.
type job struct {
	fn              func(part int)
	parts           int64
	begun, finished atomic.Int64   // parts
	all             sync.WaitGroup // counts what finished does, for those who sleep
}

// work does parts until all have begun.
func (j *job) work() {
	for p := j.begun.Add(1) - 1; p < j.parts; p = j.begun.Add(1) - 1 {
		j.fn(int(p))
		j.all.Done()
		j.finished.Add(1)
	}
}

// wait returns when all parts have finished.
func (j *job) wait() {
	soon(func() bool { return j.finished.Load() == j.parts })
	j.all.Wait()
}

var (
	offers  = make(chan *job, 1024) // a job as often as it has use for a helper
	helpers atomic.Int64            // goroutines that take them
	asleep  atomic.Int64            // how many of them must be woken
)

// do calls fn for each part, on the calling goroutine and on helpers.
func do(parts int, fn func(part int)) {
	if parts == 1 {
		fn(0)
		return
	}
	j := &job{fn: fn, parts: int64(parts)}
	j.all.Add(parts)
	for want := int64(1); want < j.parts; want++ {
		if n := helpers.Load(); n < want && helpers.CompareAndSwap(n, n+1) {
			go help()
		}
		select {
		case offers <- j:
		default: // there is work enough for all helpers
		}
	}
	if asleep.Load() > 0 {
		// Go lets who was woken last run where it was woken, and other threads take it from there only after 50 µs. So give way:
		// this goroutine is what another thread takes.
		runtime.Gosched()
	}
	j.work()
	j.wait()
}

// help does what is offered, for ever.
func help() {
	for {
		var j *job
		taken := soon(func() bool {
			select {
			case j = <-offers:
				return true
			default:
				return false
			}
		})
		if !taken {
			asleep.Add(1)
			j = <-offers
			asleep.Add(-1)
		}
		j.work()
	}
}

// patience is how long who waits looks again and again before it sleeps. To wake a thread takes some 50 µs, as long as a small
// product; from one op to the next a thread that is awake waits about 20.
const patience = 200 * time.Microsecond

// soon reports whether ready became true before patience ran out. There is none when threads must share processors.
func soon(ready func() bool) bool {
	if runtime.GOMAXPROCS(0) > runtime.NumCPU() {
		return ready()
	}
	for start := time.Now(); !ready(); asm.Pause() {
		if time.Since(start) > patience {
			return false
		}
	}
	return true
}
