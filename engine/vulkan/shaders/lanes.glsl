// Channels by four: a thread has LANES neighbouring channels of a place, so that it finds the place once for all of them. With one lane the
// other three elements of its vectors idle.

layout(constant_id = 0) const uint LANES = 1; // 4 where channels are a multiple of 4 and all rows aligned

layout(buffer_reference, std430, buffer_reference_align = 16) buffer Quads { vec4 v[]; };
layout(buffer_reference, std430, buffer_reference_align = 16) buffer IntQuads { ivec4 v[]; };

vec4 lanes(Floats x, uint at) {
	if (LANES == 4) return Quads(x).v[at / 4];
	return vec4(x.v[at], 0, 0, 0);
}

ivec4 int_lanes(Ints x, uint at) {
	if (LANES == 4) return IntQuads(x).v[at / 4];
	return ivec4(x.v[at], 0, 0, 0);
}

void set_lanes(Floats x, uint at, vec4 v) {
	if (LANES == 4) Quads(x).v[at / 4] = v;
	else x.v[at] = v.x;
}

void set_int_lanes(Ints x, uint at, ivec4 v) {
	if (LANES == 4) IntQuads(x).v[at / 4] = v;
	else x.v[at] = v.x;
}

// EACH_PLACE walks the places whose lanes from channel c on this thread computes: n threads for all channels of all places.
#define EACH_PLACE(place, c, n) \
	for (uint i = gl_GlobalInvocationID.x, quads = channels / LANES, place = i / quads, c = i % quads * LANES; i < (n); \
		i += gl_NumWorkGroups.x * gl_WorkGroupSize.x, place = i / quads, c = i % quads * LANES)
