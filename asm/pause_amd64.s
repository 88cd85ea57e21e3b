//go:build !purego

#include "textflag.h"

// Pause is the body of a loop that waits: for !ready() { Pause() }. PAUSE takes ten to some hundred cycles, by model, in which the
// other thread of the core has its units.
//
// func Pause()
TEXT ·Pause(SB), NOSPLIT, $0-0
	PAUSE // a hint: this loop waits
	RET
