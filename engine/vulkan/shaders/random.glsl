// random_words are the words 4·i to 4·i + 3 of a key: Philox4x32-10, as in engine/random.go. A key is its seed and its stream, low words
// first.
uvec4 random_words(uint key[4], uint i) {
	uvec4 c = uvec4(i, 0, key[2], key[3]);
	uvec2 k = uvec2(key[0], key[1]);
	for (int turn = 0; turn < 10; turn++) {
		uint high0, low0, high1, low1;
		umulExtended(0xd2511f53u, c.x, high0, low0);
		umulExtended(0xcd9e8d57u, c.z, high1, low1);
		c = uvec4(high1 ^ c.y ^ k.x, low1, high0 ^ c.w ^ k.y, low0);
		k += uvec2(0x9e3779b9u, 0xbb67ae85u);
	}
	return c;
}
