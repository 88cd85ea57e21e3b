package serve

import "time"

// Limits keep memory, disk and time bounded whatever clients send.
type Limits struct {
	Body   int64 // bytes of a picture or clip that is answered at once
	Video  int64 // bytes of the video of a job
	Memory int64 // bytes of all bodies that are in memory
	Disk   int64 // bytes of all files of jobs: videos, results and previews

	Pixels  int // of a picture or frame
	Decoded int // pixels of all decoded pictures that are in memory
	Frames  int // of a clip that is answered at once
	Faces   int // of a picture

	Queue       int // requests whose body has come and that have no answer yet
	PerClient   int // of them, of one address that is not of this machine
	Jobs        int // waiting, running and finished
	Running     int // jobs at a time
	Connections int // at a time

	HeaderTime time.Duration // until the headers of a request must have come
	BodyTime   time.Duration // until the body of one that is answered at once must have come
	VideoTime  time.Duration // until the video of a job must have come
	AnswerTime time.Duration // from then until the answer
	JobTime    time.Duration // for a job
	KeepTime   time.Duration // for which a finished job is kept
	DrainTime  time.Duration // for what is under way when the server ends
}

// DefaultLimits suit a machine with some gigabytes of memory.
func DefaultLimits() Limits {
	return Limits{
		Body: 32 << 20, Video: 2 << 30, Memory: 256 << 20, Disk: 8 << 30,
		Pixels: 50_000_000, Decoded: 150_000_000, Frames: 300, Faces: 100,
		Queue: 64, PerClient: 16, Jobs: 16, Running: 2, Connections: 512,
		HeaderTime: 5 * time.Second, BodyTime: 30 * time.Second, VideoTime: time.Hour,
		AnswerTime: time.Minute, JobTime: 12 * time.Hour, KeepTime: time.Hour, DrainTime: 30 * time.Second,
	}
}
