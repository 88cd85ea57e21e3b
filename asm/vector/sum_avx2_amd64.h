// HSUM adds the eight lanes of y into lane 0 of x, y's low half; t is scratch of 128 bits:
//	((y[0]+y[4]) + (y[2]+y[6])) + ((y[1]+y[5]) + (y[3]+y[7]))
#define HSUM(y, x, t) \
	VEXTRACTF128 $1, y, t \ // t = y[4:8]
	VADDPS       t, x, x  \ // x += t
	VMOVHLPS     x, x, t  \ // t[:2] = x[2:4]
	VADDPS       t, x, x  \ // x[:2] += t[:2]
	VMOVSHDUP    x, t     \ // t[0] = x[1]
	VADDSS       t, x, x    // x[0] += t[0]
