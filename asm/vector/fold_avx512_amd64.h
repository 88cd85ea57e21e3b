// FOLD brings the sixteen lanes of Z0 into lane 0 of X0 with the given instructions for vectors and for scalars; op is + or max.
#define FOLD(OPPS, OPSS) \
	VEXTRACTF64X4 $1, Z0, Y1 \ // lanes 8–15
	OPPS          Y1, Y0, Y0 \ // z[0:8] op z[8:16]
	VEXTRACTF128  $1, Y0, X1 \ // lanes 4–7 of that
	OPPS          X1, X0, X0 \ // y[0:4] op y[4:8]
	VMOVHLPS      X0, X0, X1 \ // lanes 2, 3
	OPPS          X1, X0, X0 \ // x[0:2] op x[2:4]
	VMOVSHDUP     X0, X1     \ // lane 1
	OPSS          X1, X0, X0   // x[0] op x[1]
