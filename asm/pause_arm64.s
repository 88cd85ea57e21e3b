//go:build !purego

#include "textflag.h"

// Pause is the body of a loop that waits: for !ready() { Pause() }. YIELD tells a core with several threads; others ignore it.
//
// func Pause()
TEXT ·Pause(SB), NOSPLIT, $0-0
	YIELD // a hint: this loop waits
	RET
