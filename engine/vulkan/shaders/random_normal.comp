#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "random.glsl"

// for i := range dst { dst[i] = Normal(word(key, i)) }, bit for bit as engine.Normal

layout(push_constant) uniform Push {
	Floats dst, table; // engine.NormalTable
	uint key[4];
	uint n;
};

float normal(uint word) {
	uint w = word << 1 | 1;
	int e = findMSB(w);
	uint fraction = (w << (31 - e)) << 1; // without its leading one
	uint c = 4 * (e * 8 + (fraction >> 29));
	float t = float(fraction << 3 >> 8) * 5.9604644775390625e-8; // 2⁻²⁴
	precise float z = table.v[c + 3] * t;
	z += table.v[c + 2];
	z *= t;
	z += table.v[c + 1];
	z *= t;
	z += table.v[c];
	return word >> 31 == 0 ? -z : z;
}

void main() {
	EACH(block, (n + 3) / 4) {
		uvec4 words = random_words(key, block);
		for (uint j = 0; j < 4 && 4 * block + j < n; j++) dst.v[4 * block + j] = normal(words[j]);
	}
}
