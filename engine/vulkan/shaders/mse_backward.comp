#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// for i := range dpred { dpred[i] = dloss[0] * twice * (pred[i] − target[i]) }, with twice = 2/n

layout(push_constant) uniform Push {
	Floats dpred, pred, target, dloss;
	float twice;
	uint n;
};

void main() {
	float s = dloss.v[0] * twice;
	EACH(i, n) dpred.v[i] = s * (pred.v[i] - target.v[i]);
}
