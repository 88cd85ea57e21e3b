#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "figures.glsl"
#include "adamw.glsl"

// if the figures are fine { for each parameter { steps[count]++ } }

layout(push_constant) uniform Push {
	Parameters table;
	Ints steps;
	Floats figures;
	uint n;
};

void main() {
	if (figures.v[FIGURE_OK] != 1) return;
	EACH(i, n) steps.v[table.v[i].count]++;
}
