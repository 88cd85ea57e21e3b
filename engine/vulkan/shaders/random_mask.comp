#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "random.glsl"

// for i := range dst { dst[i] = word(key, i) < drop ? 0 : kept }

layout(push_constant) uniform Push {
	Floats dst;
	uint key[4];
	float kept;
	uint drop, n;
};

void main() {
	EACH(block, (n + 3) / 4) {
		uvec4 words = random_words(key, block);
		for (uint j = 0; j < 4 && 4 * block + j < n; j++) dst.v[4 * block + j] = words[j] < drop ? 0.0 : kept;
	}
}
