package data

import (
	"encoding/binary"
	"hash/fnv"
	"math/rand/v2"
)

// Stream returns the random stream of a purpose and a place in a run, such as an epoch and a step. Every random choice has its
// own stream, so that the seed fixes a run, whatever else is drawn and in whatever order.
func Stream(seed uint64, purpose string, place ...int) *rand.Rand {
	return rand.New(rand.NewPCG(seed, StreamID(purpose, place...)))
}

// StreamID is the number of that stream: FNV-1a of the purpose and of each place as 8 bytes, little-endian. It is also the key
// of a counter-based generator for the same purpose and place.
func StreamID(purpose string, place ...int) uint64 {
	h := fnv.New64a()
	h.Write([]byte(purpose))
	for _, p := range place {
		h.Write(binary.LittleEndian.AppendUint64(nil, uint64(p)))
	}
	return h.Sum64()
}
