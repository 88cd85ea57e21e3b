// Functions whose accuracy Vulkan leaves open: exp may lose 3 + 2·|x| units in the last place, tanh far more. These lose a few, on every
// device; math_test.go has the bounds. Compilers may assume that there is no NaN, so NaN and infinity are told by their bits.

const uint INFINITY_BITS = 0x7f800000u;
bool is_finite(float x) { return (floatBitsToUint(x) & INFINITY_BITS) != INFINITY_BITS; }
bool is_nan(float x) { return (floatBitsToUint(x) & 0x7fffffffu) > INFINITY_BITS; }

// ln 2 in two parts. The first has 16 bits, so its product with an exponent is exact.
const float LN2_HIGH = 0.693145752, LN2_LOW = 1.42860677e-6;

// exp_sum is eˣ⁺ʸ for −120 ≤ x ≤ 89 and a y of a few units, without rounding x + y: 2ⁿ·eʳ with r = x + y − n·ln 2, |r| ≤ ln 2/2, and eʳ by
// its Taylor series. 2ⁿ is multiplied in two steps, as results below 2⁻¹²⁶ need.
float exp_sum(float x, float y) {
	precise float n = roundEven((x + y) * 1.44269504);
	precise float r = fma(n, -LN2_HIGH, x) + fma(n, -LN2_LOW, y);
	precise float p = 1.0 / 5040.0;
	p = fma(p, r, 1.0 / 720.0);
	p = fma(p, r, 1.0 / 120.0);
	p = fma(p, r, 1.0 / 24.0);
	p = fma(p, r, 1.0 / 6.0);
	p = fma(p, r, 0.5);
	p = fma(p, r, 1.0);
	p = fma(p, r, 1.0);
	int whole = int(n), half_of = whole / 2;
	p *= uintBitsToFloat(uint(half_of + 127) << 23);
	p *= uintBitsToFloat(uint(whole - half_of + 127) << 23);
	return p;
}

// exact_exp is eˣ.
float exact_exp(float x) { return is_nan(x) ? x : exp_sum(clamp(x, -104.0, 89.0), 0.0); }

// exact_expm1 is eˣ − 1, without cancellation near 0.
float exact_expm1(float x) {
	if (is_nan(x) || abs(x) > 0.5) return exact_exp(x) - 1.0;
	precise float p = 1.0 / 40320.0;
	p = fma(p, x, 1.0 / 5040.0);
	p = fma(p, x, 1.0 / 720.0);
	p = fma(p, x, 1.0 / 120.0);
	p = fma(p, x, 1.0 / 24.0);
	p = fma(p, x, 1.0 / 6.0);
	p = fma(p, x, 0.5);
	return fma(p * x, x, x);
}

// log_near is log((1 + f)·2ᵉ) with 1 + f from √½ to √2: log(1 + f) = 2·artanh s with s = f/(2 + f), in the form f − f²/2 + s·(f²/2 + R),
// in which the error of the quotient counts little.
float log_near(float f, float e) {
	precise float s = f / (2.0 + f), q = s * s, h = 0.5 * f * f;
	precise float R = 2.0 / 9.0;
	R = fma(R, q, 2.0 / 7.0);
	R = fma(R, q, 2.0 / 5.0);
	R = fma(R, q, 2.0 / 3.0);
	precise float low = fma(s, fma(R, q, h), e * LN2_LOW), y = fma(e, LN2_HIGH, f - (h - low));
	return y;
}

// exact_log is log x. A device may take a number below 2⁻¹²⁶ for 0, so those are told by their bits, which are x·2¹⁴⁹.
float exact_log(float x) {
	uint bits = floatBitsToUint(x);
	if (bits << 1 == 0u) return uintBitsToFloat(0xff800000u);
	if (bits >= INFINITY_BITS) return uintBitsToFloat(bits == INFINITY_BITS ? INFINITY_BITS : 0x7fc00000u);
	float e = 0.0;
	if (bits < 0x00800000u) {
		bits = floatBitsToUint(float(bits));
		e = -149.0;
	}
	uint shifted = bits - 0x3f3504f3u; // √½
	return log_near(uintBitsToFloat((shifted & 0x7fffffu) + 0x3f3504f3u) - 1.0, float(int(shifted) >> 23) + e);
}

// exact_log1p is log(1 + x) for x ≥ 0.
float exact_log1p(float x) { return x < 0.41 ? log_near(x, 0.0) : exact_log(1.0 + x); }

// exact_rsqrt is 1/√x: the device's, which is good to two units, and a step of Newton's method. Below 2⁻¹²⁶ it is that of 2·x·2¹⁴⁹, times 2⁷⁵.
float exact_rsqrt(float x) {
	uint bits = floatBitsToUint(x);
	if (bits << 1 == 0u) return uintBitsToFloat(INFINITY_BITS | bits); // of its sign, as 1/√−0 is
	if (bits >= INFINITY_BITS) return bits == INFINITY_BITS ? 0.0 : uintBitsToFloat(0x7fc00000u);
	bool tiny = bits < 0x00800000u;
	if (tiny) x = float(2u * bits);
	precise float y = inversesqrt(x);
	y = fma(0.5 * y, fma(-x * y, y, 1.0), y);
	return tiny ? y * 37778931862957161709568.0 : y;
}

// inverse_of is 1/x for an x that is not far from 1: the device's, and a step of Newton's method.
float inverse_of(float x) {
	precise float y = 1.0 / x;
	return fma(fma(-x, y, 1.0), y, y);
}

// logistic is 1/(1 + e⁻ˣ), and logistic_slope its derivative, both by e⁻ˡˣˡ.
float logistic(float x) {
	float e = exact_exp(-abs(x)), s = inverse_of(1.0 + e);
	return x < 0.0 ? e * s : s;
}
float logistic_slope(float x) {
	float e = exact_exp(-abs(x)), s = inverse_of(1.0 + e);
	return e * s * s;
}

// bell is exp(p − z²/2) for 0 ≤ z ≤ 15, where it is 0. The square of the upper 12 bits of z is exact; what is missing is small, and so is
// its error.
float bell(float z, float p) {
	float upper = uintBitsToFloat(floatBitsToUint(z) & 0xfffff000u);
	precise float rest = fma(-0.5 * (z - upper), z + upper, p);
	return exp_sum(-0.5 * upper * upper, rest);
}

// normal_tail is Φ(−z) for z ≥ 0: erfc(z/√2)/2 = t·exp(−z²/2 + P(t))/2 with t = 1/(1 + z/√8), and P by Chebyshev approximation, relative
// error 1.2e-7 everywhere (Press et al., Numerical Recipes, section 6.2).
float normal_tail(float z) {
	z = min(z, 15.0);
	precise float t = inverse_of(fma(0.353553391, z, 1.0));
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
	return 0.5 * t * bell(z, p);
}

// normal_cdf is Φ(x), normal_density its derivative.
float normal_cdf(float x) {
	if (is_nan(x)) return x;
	float tail = normal_tail(abs(x));
	return x > 0.0 ? 1.0 - tail : tail;
}
float normal_density(float x) { return is_nan(x) ? x : 0.398942280 * bell(min(abs(x), 15.0), 0.0); }

// gelu is x·Φ(x), and gelu_slope its derivative.
float gelu(float x) { return is_finite(x) ? x * normal_cdf(x) : x > 0.0 ? x : is_nan(x) ? x : 0.0; }
float gelu_slope(float x) { return is_finite(x) ? fma(x, normal_density(x), normal_cdf(x)) : x > 0.0 ? 1.0 : is_nan(x) ? x : 0.0; }
