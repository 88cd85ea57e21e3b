//go:build vulkan

package vulkan

import (
	"encoding/binary"
	"errors"
)

// Opcodes and enumerants of SPIR-V (Khronos, SPIR-V specification 1.6, section 3).
const (
	opTypeVector, opTypeArray, opTypeStruct, opTypePointer, opConstant, opVariable, opMemberDecorate = 23, 28, 30, 32, 43, 59, 72

	storagePushConstant, decorationOffset = 9, 35
)

// pushSize returns the bytes of a shader's block of push constants, 0 if there is none. Its members are buffer references, 32-bit numbers,
// and vectors and arrays of them, and their offsets are in the SPIR-V.
func pushSize(code []byte) (int, error) {
	if len(code) < 20 || len(code)%4 != 0 || binary.LittleEndian.Uint32(code) != 0x07230203 {
		return 0, errors.New("not SPIR-V")
	}
	word := func(i int) uint32 { return binary.LittleEndian.Uint32(code[4*i:]) }
	type member struct{ of, index uint32 }
	offsets, sizes := map[member]int{}, map[uint32]int{}
	constants := map[uint32]int{}
	structs, points := map[uint32][]uint32{}, map[uint32]uint32{}
	block := uint32(0)
	for i := 5; i < len(code)/4; {
		op, length := word(i)&0xffff, int(word(i)>>16)
		if length == 0 || 4*(i+length) > len(code) {
			return 0, errors.New("SPIR-V is cut off")
		}
		switch op {
		case opTypeVector:
			sizes[word(i+1)] = 4 * int(word(i+3))
		case opConstant:
			constants[word(i+2)] = int(word(i + 3))
		case opTypeArray:
			sizes[word(i+1)] = 4 * constants[word(i+3)]
		case opTypePointer:
			sizes[word(i+1)], points[word(i+1)] = 8, word(i+3)
		case opTypeStruct:
			for j := 2; j < length; j++ {
				structs[word(i+1)] = append(structs[word(i+1)], word(i+j))
			}
		case opMemberDecorate:
			if word(i+3) == decorationOffset {
				offsets[member{word(i + 1), word(i + 2)}] = int(word(i + 4))
			}
		case opVariable:
			if word(i+3) == storagePushConstant {
				block = points[word(i+1)]
			}
		}
		i += length
	}
	size := 0
	for i, kind := range structs[block] {
		bytes, ok := sizes[kind]
		if !ok {
			bytes = 4 // a number
		}
		size = max(size, offsets[member{block, uint32(i)}]+bytes)
	}
	return size, nil
}
