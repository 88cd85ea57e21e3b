#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "route.glsl"

// for j := range choice { counts[j/256, choice[turn(j)] % experts]++ }

layout(push_constant) uniform Push {
	Ints choice, order, counts;
	uint n, k, tokens, experts;
};

shared uint chosen[WORKGROUP];

void main() {
	uint t = gl_LocalInvocationID.x;
	for (uint part = gl_WorkGroupID.x; part * WORKGROUP < n; part += gl_NumWorkGroups.x) {
		uint j = part * WORKGROUP + t, size = min(n - part * WORKGROUP, WORKGROUP);
		if (j < n) chosen[t] = uint(choice.v[TURN(j)]) % experts;
		barrier();
		for (uint e = t; e < experts; e += WORKGROUP) {
			int count = 0;
			for (uint i = 0; i < size; i++) count += int(chosen[i] == e);
			counts.v[part * experts + e] = count;
		}
		barrier();
	}
}
