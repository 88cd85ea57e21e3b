// Sums and maxima over threads of a workgroup, by a tree: their order depends on the number of threads alone. The threads that share a
// result, a power of two, lie `stride` apart, and each knows its place among them, its lane. All threads of a workgroup must call.

shared float tree[WORKGROUP];

#define TREE(NAME, JOIN) \
	float NAME(float x, uint lane, uint lanes, uint stride) { \
		uint at = gl_LocalInvocationID.x; \
		tree[at] = x; \
		barrier(); \
		for (uint n = lanes / 2; n > 0; n /= 2) { \
			if (lane < n) tree[at] = JOIN(tree[at], tree[at + n * stride]); \
			barrier(); \
		} \
		x = tree[at - lane * stride]; \
		barrier(); /* before the next call writes */ \
		return x; \
	}
float plus(float a, float b) { return a + b; }
TREE(tree_sum, plus)
TREE(tree_max, max)
