// What all shaders share. A shader's head comment is the Go loop that it equals.

#extension GL_EXT_buffer_reference : require
#extension GL_EXT_control_flow_attributes : require

// Memory by address. Elements are aligned as their type is: a view may begin at any of them.
layout(buffer_reference, std430, buffer_reference_align = 4) buffer Floats { float v[]; };
layout(buffer_reference, std430, buffer_reference_align = 4) buffer Ints { int v[]; };
layout(buffer_reference, std430, buffer_reference_align = 4) buffer Words { uint v[]; };

// EACH walks the elements i < n that this thread computes. A workgroup has 256 threads unless a shader says otherwise.
#define EACH(i, n) \
	for (uint i = gl_GlobalInvocationID.x; i < (n); i += gl_NumWorkGroups.x * gl_WorkGroupSize.x)
#ifndef WORKGROUP
#define WORKGROUP 256
#endif
layout(local_size_x = WORKGROUP) in;
