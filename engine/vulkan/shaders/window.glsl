// The geometry of windows, which call.window pushes; include it after the push constants. Along each axis, tap k of site q is
// position q·stride − pad + k of the input. Places, sites or positions, count through the batch.

#define EXTENTS ivec3(extents[0], extents[1], extents[2])
#define SITES ivec3(sites[0], sites[1], sites[2])
#define KERNEL ivec3(kernel[0], kernel[1], kernel[2])
#define STRIDE ivec3(stride[0], stride[1], stride[2])
#define PAD ivec3(pad[0], pad[1], pad[2])

int volume(ivec3 of) { return of.x * of.y * of.z; }
int flat_of(int sample_, ivec3 at, ivec3 extents) { return ((sample_ * extents.x + at.x) * extents.y + at.y) * extents.z + at.z; }
ivec3 coordinates(int place, ivec3 extents) {
	int row = place / extents.z, plane = row / extents.y;
	return ivec3(plane % extents.x, row - plane * extents.y, place - row * extents.z);
}
bool inside(ivec3 at) { return all(lessThan(uvec3(at), uvec3(EXTENTS))); }

// corner is where tap 0 of a site lies, inside or outside of the input.
ivec3 corner(ivec3 site) { return site * STRIDE - PAD; }

// Links are what a place is linked to: along each axis n links, from a tap and another place on, by steps.
struct Links { ivec3 tap, other, n, step_tap; int step_other, sample_; ivec3 extents; };

// positions_of links a site to the positions that it sees, and sites_of a position to the sites that see it.
Links positions_of(int site) {
	ivec3 from = corner(coordinates(site, SITES)), tap = max(ivec3(0), -from);
	return Links(tap, from + tap, min(KERNEL, EXTENTS - from) - tap, ivec3(1), 1, site / volume(SITES), EXTENTS);
}

Links sites_of(int position) {
	ivec3 beyond = coordinates(position, EXTENTS) + PAD, site = min(beyond / STRIDE, SITES - 1), tap = beyond - site * STRIDE;
	return Links(tap, site, min((KERNEL - tap + STRIDE - 1) / STRIDE, site + 1), STRIDE, -1, position / volume(EXTENTS), SITES);
}

int first_tap(Links l, int i, int j) { return flat_of(0, l.tap + ivec3(i, j, 0) * l.step_tap, KERNEL); }
int first_other(Links l, int i, int j) { return flat_of(l.sample_, l.other + ivec3(i, j, 0) * l.step_other, l.extents); }

// EACH_LINK walks links in the order of taps.
#define EACH_LINK(l, tap, other) \
	for (int i0 = 0; i0 < l.n.x; i0++) for (int i1 = 0; i1 < l.n.y; i1++) \
		for (int i2 = 0, tap = first_tap(l, i0, i1), other = first_other(l, i0, i1); i2 < l.n.z; \
			i2++, tap += l.step_tap.z, other += l.step_other)
