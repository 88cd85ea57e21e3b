// Functions whose accuracy Vulkan leaves open: exp may lose 3 + 2·|x| units in the last place, tanh far more. These lose two or three,
// on every device. Compilers may assume that there is no NaN, so NaN and infinity are told by their bits.

const uint INFINITY_BITS = 0x7f800000u;
bool is_finite(float x) { return (floatBitsToUint(x) & INFINITY_BITS) != INFINITY_BITS; }
bool is_nan(float x) { return (floatBitsToUint(x) & 0x7fffffffu) > INFINITY_BITS; }

// exact_exp is eˣ = 2ⁿ·eʳ with r = x − n·ln 2, |r| ≤ ln 2/2, and eʳ by its Taylor series. 2ⁿ is multiplied in two steps, as results below
// 2⁻¹²⁶ need.
float exact_exp(float x) {
	if (is_nan(x)) return x;
	x = clamp(x, -104.0, 89.0);
	precise float n = roundEven(x * 1.44269504);
	precise float r = fma(n, -0.693145752, x); // 11 bits of ln 2, so the product is exact
	r = fma(n, -1.42860677e-6, r);
	precise float p = 1.0 / 5040.0;
	p = fma(p, r, 1.0 / 720.0);
	p = fma(p, r, 1.0 / 120.0);
	p = fma(p, r, 1.0 / 24.0);
	p = fma(p, r, 1.0 / 6.0);
	p = fma(p, r, 0.5);
	p = fma(p, r, 1.0);
	p = fma(p, r, 1.0);
	int whole = int(n), half_of = whole / 2;
	return p * uintBitsToFloat(uint(half_of + 127) << 23) * uintBitsToFloat(uint(whole - half_of + 127) << 23);
}

// exact_expm1 is eˣ − 1, without cancellation near 0.
float exact_expm1(float x) {
	if (is_nan(x) || abs(x) > 0.35) return exact_exp(x) - 1.0;
	precise float p = 1.0 / 5040.0;
	p = fma(p, x, 1.0 / 720.0);
	p = fma(p, x, 1.0 / 120.0);
	p = fma(p, x, 1.0 / 24.0);
	p = fma(p, x, 1.0 / 6.0);
	p = fma(p, x, 0.5);
	return fma(p * x, x, x);
}

// exact_log is log x for normal positive x: x = 2ᵉ·m with m from √½ to √2, and log m = 2·artanh s with s = (m − 1)/(m + 1).
float exact_log(float x) {
	if (!is_finite(x) || x <= 0.0) return x == 0.0 ? uintBitsToFloat(0xff800000u) : is_nan(x) || x < 0.0 ? uintBitsToFloat(0x7fc00000u) : x;
	uint shifted = floatBitsToUint(x) - 0x3f3504f3u; // √½
	float e = float(int(shifted) >> 23);
	float m = uintBitsToFloat((shifted & 0x7fffffu) + 0x3f3504f3u);
	precise float f = m - 1.0, s = f / (2.0 + f), q = s * s;
	precise float p = 2.0 / 9.0;
	p = fma(p, q, 2.0 / 7.0);
	p = fma(p, q, 2.0 / 5.0);
	p = fma(p, q, 2.0 / 3.0);
	precise float low = fma(p * q, s, e * 1.42860677e-6);
	return fma(e, 0.693145752, fma(2.0, s, low));
}

// exact_log1p is log(1 + x) for x ≥ 0.
float exact_log1p(float x) { return x < 1e-3 ? x * fma(x, fma(x, 1.0 / 3.0, -0.5), 1.0) : exact_log(1.0 + x); }

// normal_tail is Φ(−z) for z ≥ 0: erfc(z/√2)/2 = t·exp(−z²/2 + P(t))/2 with t = 1/(1 + z/√8), and P by Chebyshev approximation, relative
// error 1.2e-7 everywhere (Press et al., Numerical Recipes, section 6.2).
float normal_tail(float z) {
	float y = z * 0.707106781;
	precise float t = 1.0 / fma(0.5, y, 1.0);
	precise float p = 0.17087277;
	p = fma(p, t, -0.82215223);
	p = fma(p, t, 1.48851587);
	p = fma(p, t, -1.13520398);
	p = fma(p, t, 0.27886807);
	p = fma(p, t, -0.18628806);
	p = fma(p, t, 0.09678418);
	p = fma(p, t, 0.37409196);
	p = fma(p, t, 1.00002368);
	p = fma(p, t, -1.26551223);
	return 0.5 * t * exact_exp(fma(-0.5 * z, z, p));
}

// normal_cdf is Φ(x), normal_density its derivative.
float normal_cdf(float x) {
	if (is_nan(x)) return x;
	float tail = normal_tail(min(abs(x), 20.0));
	return x > 0.0 ? 1.0 - tail : tail;
}
float normal_density(float x) { return 0.398942280 * exact_exp(-0.5 * x * x); }

// gelu is x·Φ(x), and gelu_slope its derivative.
float gelu(float x) { return is_finite(x) ? x * normal_cdf(x) : x > 0.0 ? x : is_nan(x) ? x : 0.0; }
float gelu_slope(float x) { return is_finite(x) ? fma(x, normal_density(x), normal_cdf(x)) : x > 0.0 ? 1.0 : is_nan(x) ? x : 0.0; }
