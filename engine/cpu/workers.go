package cpu

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"mien/asm"
)

// A worker pool whose workers spin-wait for a while before they sleep, as the next op usually comes sooner than a thread can wake up.

// job is work in parts. Each free goroutine takes the next part, so a job does not wait for a worker that is still waking up.
type job struct {
	fn              func(part int)
	parts           int64
	begun, finished atomic.Int64   // parts
	all             sync.WaitGroup // counts the same as finished, for a caller that sleeps
}

// work runs parts until all have begun.
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
	queue   = make(chan *job, 1024) // a job appears once for each worker it can use
	workers atomic.Int64            // goroutines that serve the queue
	asleep  atomic.Int64            // how many of them sleep
)

// processors is how many goroutines can compute at once.
var processors = int64(runtime.NumCPU())

// do calls fn for each part, on the calling goroutine and on workers, no more at a time than there are processors: of two threads on one
// processor, one would hold up the end of a job for as long as the operating system lets it wait.
func do(parts int, fn func(part int)) {
	if parts == 1 {
		fn(0)
		return
	}
	j := &job{fn: fn, parts: int64(parts)}
	j.all.Add(parts)
	for want := int64(1); want < min(j.parts, processors); want++ {
		if n := workers.Load(); n < want && workers.CompareAndSwap(n, n+1) {
			go serve()
		}
		select {
		case queue <- j:
		default: // the queue is full: all workers are busy
		}
	}
	if asleep.Load() > 0 {
		// Go schedules a goroutine that was just woken on the thread that woke it, and other threads steal it only after 50 µs. So
		// yield: another thread takes over this goroutine instead.
		runtime.Gosched()
	}
	j.work()
	j.wait()
}

// serve runs jobs from the queue, forever.
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

// spinTime is how long a worker spin-waits before it sleeps. Waking a thread takes about 50 µs, as long as a small product; a spinning
// thread waits about 20 µs from one op to the next.
const spinTime = 200 * time.Microsecond

// spinUntil reports whether ready became true within spinTime.
func spinUntil(ready func() bool) bool {
	for start := time.Now(); !ready(); asm.Pause() {
		if time.Since(start) > spinTime {
			return false
		}
	}
	return true
}
