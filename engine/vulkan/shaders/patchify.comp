#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// for i, patch := range rows { for ch, t, y, x := range patch { dst[i, ch, t, y, x] = (pixel(patch, ch, t, y, x) − mean[ch]) / std[ch] } }

layout(constant_id = 0) const bool BYTES = false; // or floats
layout(constant_id = 1) const bool SOME = false;  // patches, or all

layout(push_constant) uniform Push {
	Floats dst, pixels;
	Ints rows;
	uint n, skip; // bytes before the first pixel
	uint tubelet, patch_size, frames, height, width;
	float mean[3], std[3];
};

float pixel(uint sample_, uint ch, uint frame, uint y, uint x) {
	if (!BYTES) return pixels.v[((sample_ * 3 + ch) * frames + frame) * height * width + y * width + x];
	uint at = skip + (((sample_ * frames + frame) * height + y) * width + x) * 3 + ch;
	return float(Words(pixels).v[at / 4] >> 8 * (at % 4) & 0xff) / 255.0;
}

void main() {
	uint across = width / patch_size, down = height / patch_size, along = (frames + tubelet - 1) / tubelet;
	EACH(i, n) {
		uint x = i % patch_size, y = i / patch_size % patch_size, rest = i / (patch_size * patch_size);
		uint t = rest % tubelet, ch = rest / tubelet % 3, p = rest / tubelet / 3;
		if (SOME) p = uint(rows.v[p]);
		x += p % across * patch_size;
		y += p / across % down * patch_size;
		uint first = p / (across * down) % along * tubelet;
		uint frame = min(first + t, frames - 1); // one frame fills its tubelet
		dst.v[i] = (pixel(p / (across * down * along), ch, frame, y, x) - mean[ch]) / std[ch];
	}
}
