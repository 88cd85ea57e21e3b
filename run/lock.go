package run

import (
	"fmt"
	"os"

	"github.com/gofrs/flock"
)

// The lock of a run folder, which one process at a time holds.

// lockFile holds process and host of the run that holds the lock. The lock itself is the kernel's, which releases it when the process
// ends in whatever way; the file may stay.
const lockFile = ".lock"

// hold locks the folder, unless another process has done so.
func (f *folder) hold() error {
	path := f.path(lockFile)
	for range 100 {
		l := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o644))
		if ok, err := l.TryLock(); err != nil {
			return fmt.Errorf("run folder %s can't be locked: %w", f.dir, err)
		} else if !ok {
			return fmt.Errorf("run folder %s is in use by %s: wait for its end, or give another --out", f.dir, owner(path))
		}
		locked, err := l.Stat()
		there, gone := os.Lstat(path)
		if err == nil && gone == nil && os.SameFile(locked, there) {
			f.lock = l
			host, _ := os.Hostname()
			os.WriteFile(path, fmt.Appendln(nil, os.Getpid(), host), 0o644) // only informs; Windows does not let another handle write
			return nil
		}
		l.Close() // a run that ended between the two removed it
	}
	return fmt.Errorf("run folder %s can't be locked: %s is not a file of its own: remove it", f.dir, path)
}

// owner describes the process that wrote a lock file.
func owner(path string) string {
	text, _ := os.ReadFile(path)
	var process int
	var host string
	if n, _ := fmt.Sscan(string(text), &process, &host); n == 0 {
		return "another process"
	}
	return fmt.Sprintf("process %d on %q", process, host)
}

// release removes the lock, if the folder holds it.
func (f *folder) release() {
	if f.lock != nil {
		os.Remove(f.path(lockFile))
		f.lock.Close()
		f.lock = nil
	}
}
