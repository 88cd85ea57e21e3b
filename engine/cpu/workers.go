package cpu

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"mien/asm"
)

// A worker pool whose workers spin for a while before they sleep, as ops follow one another faster than a thread wakes up.

// job is work in parts. Whoever is free takes the next part, so that nobody waits for a worker that has yet to wake up.
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
	spinUntil(func() bool { return j.finished.Load() == j.parts })
	j.all.Wait()
}

var (
	queue   = make(chan *job, 1024) // a job as often as it has use for a worker
	workers atomic.Int64            // goroutines that serve the queue
	asleep  atomic.Int64            // how many of them must be woken
)

// do calls fn for each part, on the calling goroutine and on workers.
func do(parts int, fn func(part int)) {
	if parts == 1 {
		fn(0)
		return
	}
	j := &job{fn: fn, parts: int64(parts)}
	j.all.Add(parts)
	for want := int64(1); want < j.parts; want++ {
		if n := workers.Load(); n < want && workers.CompareAndSwap(n, n+1) {
			go serve()
		}
		select {
		case queue <- j:
		default: // all workers are busy for long enough
		}
	}
	if asleep.Load() > 0 {
		// Go schedules a goroutine that was just woken on the thread that woke it, and other threads steal it only after 50 µs. So
		// yield: this goroutine is what another thread takes.
		runtime.Gosched()
	}
	j.work()
	j.wait()
}

// serve does the jobs of the queue, for ever.
func serve() {
	for {
		var j *job
		taken := spinUntil(func() bool {
			select {
			case j = <-queue:
				return true
			default:
				return false
			}
		})
		if !taken {
			asleep.Add(1)
			j = <-queue
			asleep.Add(-1)
		}
		j.work()
	}
}

// spinTime is how long a worker spins before it sleeps. To wake a thread takes some 50 µs, as long as a small product; from one op to
// the next a thread that spins waits about 20.
const spinTime = 200 * time.Microsecond

// spinUntil reports whether ready became true within spinTime. It does not spin when threads must share processors.
func spinUntil(ready func() bool) bool {
	if runtime.GOMAXPROCS(0) > runtime.NumCPU() {
		return ready()
	}
	for start := time.Now(); !ready(); asm.Pause() {
		if time.Since(start) > spinTime {
			return false
		}
	}
	return true
}
