// The linear layers of a grouped product, by address, and the rows that go through each.

#extension GL_EXT_buffer_reference_uvec2 : require

layout(buffer_reference, std430, buffer_reference_align = 16) buffer Layers { uvec4 v[]; }; // of a weight and of a bias

Floats weight_of(Layers layers, uint group) { return Floats(layers.v[group].xy); }
Floats bias_of(Layers layers, uint group) { return Floats(layers.v[group].zw); }
