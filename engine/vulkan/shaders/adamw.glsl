// The table of parameters of a step of AdamW, one workgroup or thread for each.
struct Parameter {
	Floats p, g, m, v;
	float rate, keep; // the learning rate, and 1 − rate·decay
	uint n, count;    // elements, and place in the counts of steps
};
layout(buffer_reference, std430, buffer_reference_align = 8) buffer Parameters { Parameter v[]; };
