#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// for at := range keep { keep[at] = count(of its expert and group, before at) < capacity ? 1 : 0 }

layout(constant_id = 0) const bool ORDERED = false;

layout(push_constant) uniform Push {
	Floats keep;
	Ints slot, choice, offsets;
	uint n, k, experts, capacity, group; // a capacity of 0 keeps all, and a group of 0 is all tokens
};

uint group_of(uint at) { return group == 0 ? 0 : uint(slot.v[at]) / k / group; }

// taken tells whether the group has as many slots before this one. Without an order its slots are side by side.
bool taken(uint at, uint first) {
	uint own = group_of(at), count = 0;
	if (!ORDERED || group == 0) return at >= first + capacity && group_of(at - capacity) == own;
	for (uint other = first; other < at && count < capacity; other++) count += uint(group_of(other) == own);
	return count == capacity;
}

void main() {
	EACH(at, n) {
		uint e = uint(choice.v[slot.v[at]]) % experts;
		keep.v[at] = capacity > 0 && taken(at, uint(offsets.v[e])) ? 0.0 : 1.0;
	}
}
