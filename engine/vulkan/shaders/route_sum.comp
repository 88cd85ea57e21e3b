#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// for part, e := range counts { counts[part, e], total[e] = total[e], total[e]+counts[part, e] }
// for e := range total { offsets[e+1] = offsets[e] + total[e] }
//
// One workgroup takes up to 256 experts at once. If there are fewer, several threads share the parts of each.

layout(push_constant) uniform Push {
	Ints counts, offsets;
	uint parts, experts;
};

shared int totals[WORKGROUP]; // of each thread's run of parts

void main() {
	uint t = gl_LocalInvocationID.x, width = min(experts, WORKGROUP), column = t % width;
	uint sharers = WORKGROUP / width, run = (parts + sharers - 1) / sharers;
	int before = 0; // choices of the experts up to base
	if (t == 0) offsets.v[0] = 0;
	for (uint base = 0; base < experts; base += width) {
		uint e = base + column, first = min(t / width * run, parts), last = e < experts ? min(first + run, parts) : first;
		int total = 0;
		for (uint part = first; part < last; part++) total += counts.v[part * experts + e];
		totals[t] = total;
		barrier();
		int own = 0, sum = before; // of this expert in the runs before, and of all experts up to this one
		for (uint i = 0; i < WORKGROUP; i++) {
			before += totals[i];
			if (i % width == column && i < t) own += totals[i];
			if (i % width <= column) sum += totals[i];
		}
		for (uint part = first; part < last; part++) {
			int count = counts.v[part * experts + e];
			counts.v[part * experts + e] = own;
			own += count;
		}
		if (t < width && e < experts) offsets.v[e + 1] = sum;
		barrier();
	}
}
