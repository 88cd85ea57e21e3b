package modelfile

import _ "embed"

// The small model that is part of mien, so that it does something on a fresh machine.

// Builtin is the FILE|RUN that names it. A file or folder of that name is ./builtin.
const Builtin = "builtin"

//go:embed builtin/model.safetensors
var builtin []byte

// Card says in Markdown what the built-in model is for, what it has learned from, and how well it does.
//
//go:embed builtin/CARD.md
var Card string

// builtinCaveat is what everybody who uses it should know.
const builtinCaveat = "builtin is a small model to try mien with: of real people it has seen 64, neutral and smiling, and of other expressions drawings; " +
	"`mien info --model builtin` says more"

// BuiltinFile returns the contents of its file.
func BuiltinFile() []byte { return builtin }
