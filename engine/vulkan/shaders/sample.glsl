// Points between positions. Include it after the push constants, which have at [B, points, 3], factor [B, points] where factored, and the
// geometry of a window, with no sites if points count from 0.

#include "math.glsl"
#include "window.glsl"

// Cell is what lies around a point: the position below it, how far the point is beyond, and its factor.
struct Cell { ivec3 low; vec3 part; float factor; };

// beside finds the position below a coordinate, and how far it is beyond. One that is not a number stays so, at 0.
int beside(float v, int origin, out float part) {
	part = v - floor(v);
	uint size = floatBitsToUint(v) & 0x7fffffffu;
	if (size > INFINITY_BITS) {
		part = v;
		return 0;
	}
	if (size > floatBitsToUint(1e9)) return -2; // far outside
	return origin + int(floor(v));
}

// cell_of finds the surroundings of a point, counted through the batch.
Cell cell_of(uint point) {
	ivec3 origin = ivec3(0);
	if (sites[0] > 0) {
		int number = int(point % points), site = number / volume(KERNEL);
		origin = corner(coordinates(site, SITES)) + coordinates(number - site * volume(KERNEL), KERNEL);
	}
	Cell c;
	for (int axis = 0; axis < 3; axis++) c.low[axis] = beside(at.v[3 * point + axis], origin[axis], c.part[axis]);
	c.factor = 1.0;
	if (factored != 0) c.factor = factor.v[point];
	return c;
}

// Eight corners surround a point. The bits of their numbers, from the highest on, tell whether they lie below it or above along each axis.
ivec3 side(int number) { return ivec3(number >> 2, number >> 1 & 1, number & 1); }

// shares are the factors of a corner's weight; slope is the derivative of the weight.
vec3 shares(Cell c, ivec3 side) { return mix(1.0 - c.part, c.part, equal(side, ivec3(1))); }
float weight(Cell c, ivec3 side) {
	vec3 w = shares(c, side);
	return w.x * w.y * w.z;
}
vec3 slope(Cell c, ivec3 side) {
	vec3 w = shares(c, side);
	return vec3(2 * side - 1) * w.yzx * w.zxy;
}

// is_zero tells so by bits; NaN is not. What has no weight is not read, so that it may be infinite.
bool is_zero(float w) { return floatBitsToUint(w) << 1 == 0u; }
