// What kernels of rows share: LANES threads work on a row of n elements, and a workgroup on several rows if these are short.
#include "common.glsl"
#include "tree.glsl"

layout(constant_id = 0) const uint LANES = WORKGROUP;
const uint ROWS = WORKGROUP / LANES;

// EACH_ROW walks the rows of this thread. It is uniform in a workgroup: beyond the last row there are rows of no elements.
#define EACH_ROW(row, rows) \
	for (uint row = gl_WorkGroupID.x * ROWS + gl_LocalInvocationID.x / LANES, first = gl_WorkGroupID.x * ROWS; first < (rows); \
		first += gl_NumWorkGroups.x * ROWS, row += gl_NumWorkGroups.x * ROWS)

// EACH_PLACE walks the places of a row that this thread computes.
#define LANE (gl_LocalInvocationID.x % LANES)
#define EACH_PLACE(i, row, rows, n) \
	for (uint i = (row) * (n) + LANE, end = (row) < (rows) ? ((row) + 1) * (n) : 0; i < end; i += LANES)

float row_sum(float x) { return tree_sum(x, LANE, LANES, 1); }
float row_max(float x) { return tree_max(x, LANE, LANES, 1); }
