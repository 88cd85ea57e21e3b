//go:build unix

package data

import (
	"os"
	"os/exec"
	"syscall"
)

// InOwnGroup makes a command the leader of a process group, to which belongs what it starts, as a wrapper script does.
func InOwnGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func killGroup(leader *os.Process) error { return syscall.Kill(-leader.Pid, syscall.SIGKILL) }
