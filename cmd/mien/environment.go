package main

// variables are those of the environment that change what mien does, for help and the man page.
var variables = []variable{
	{"MIEN_KERNELS", "The kernels to compute with: generic, avx2, avx512 or neon; without it the best that the CPU has."},
	{"MIEN_TOKEN", "The token that `mien serve` asks clients for, as --token."},
	{"MIEN_DEBUG", "1 adds to the report of a mistake in mien where in its source it is."},
}

type variable struct{ name, what string }
