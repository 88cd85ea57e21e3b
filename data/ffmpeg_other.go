//go:build !unix

package data

import (
	"os"
	"os/exec"
)

// Without process groups, only the command itself is killed.

func InOwnGroup(*exec.Cmd) {}

func killGroup(leader *os.Process) error { return leader.Kill() }
