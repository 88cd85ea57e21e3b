#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "tree.glsl"

// for each tensor of a table, with its elements dealt out to the workgroups along x { partial[tensor][x] = Σ v[i]² }

struct Member {
	Floats at;
	uint n, unused;
};
layout(buffer_reference, std430, buffer_reference_align = 8) buffer Members { Member v[]; };

layout(push_constant) uniform Push {
	Floats partial;
	Members table;
};

void main() {
	Member m = table.v[gl_WorkGroupID.y];
	float sum = 0;
	EACH(i, m.n) sum = fma(m.at.v[i], m.at.v[i], sum);
	sum = tree_sum(sum, gl_LocalInvocationID.x, WORKGROUP, 1);
	if (gl_LocalInvocationID.x == 0) partial.v[gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x] = sum;
}
