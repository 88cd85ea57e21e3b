#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "route.glsl"

// for j := range choice {
//	i := turn(j); c := choice[i]; e := c % experts
//	at := offsets[e] + counts[j/256, e] + count(of e among the turns of this part before j)
//	slot[at], place[i], token[at], chosen[c] = i, at, i/k, i
// }

layout(push_constant) uniform Push {
	Ints choice, order, counts, offsets, slot, place, token, chosen;
	uint n, k, tokens, experts;
};

shared uint part_chosen[WORKGROUP];

void main() {
	uint t = gl_LocalInvocationID.x;
	for (uint part = gl_WorkGroupID.x; part * WORKGROUP < n; part += gl_NumWorkGroups.x) {
		uint j = part * WORKGROUP + t, i = 0, c = 0;
		if (j < n) {
			i = TURN(j);
			c = uint(choice.v[i]);
		}
		uint e = c % experts;
		part_chosen[t] = e;
		barrier();
		if (j < n) {
			int at = offsets.v[e] + counts.v[part * experts + e];
			for (uint other = 0; other < t; other++) at += int(part_chosen[other] == e);
			slot.v[at] = int(i);
			place.v[i] = at;
			token.v[at] = int(i / k);
			chosen.v[c] = int(i);
		}
		barrier();
	}
}
