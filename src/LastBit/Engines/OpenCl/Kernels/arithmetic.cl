// The arithmetic of the contract (docs/arithmetic.md), by additions, multiplications and fma() alone. A product that feeds a sum is fused
// where the source says so and nowhere else. Division and square root are our own: no option of a compiler decides how they round.
#pragma OPENCL FP_CONTRACT OFF

float4 fma4(float a, float4 b, float4 c)
{
    return (float4)(fma(a, b.x, c.x), fma(a, b.y, c.y), fma(a, b.z, c.z), fma(a, b.w, c.w));
}

// left where left > right, else right: a NaN on the left gives right, and so does -0 beside +0.
float larger(float left, float right)
{
    return left > right ? left : right;
}

float smaller(float left, float right)
{
    return left < right ? left : right;
}

float where_positive(float condition, float value)
{
    return condition > 0.0f ? value : 0.0f;
}

float negative_magnitude(float x)
{
    return as_float(as_uint(x) | 0x80000000u);
}

// The quotient of two numbers of [1, 2), rounded once (Markstein: a reciprocal that is rounded correctly, then one correction), and the
// sign of what it leaves. The reciprocal of the largest of them is the one that Newton's steps do not round correctly.
float quotient(float a, float b, float *left)
{
    float y = as_float(0x7EF311C7u - as_uint(b));
    for (int i = 0; i < 4; i++)
        y = fma(y, fma(-b, y, 1.0f), y);
    y = as_uint(b) == 0x3FFFFFFFu ? as_float(0x3F000001u) : y;
    float q = a * y;
    q = fma(fma(-b, q, a), y, q);
    q = fma(fma(-b, q, a), y, q);
    *left = fma(-b, q, a);
    return q;
}

// a / b, rounded once to nearest even, subnormal numbers and results included.
float divide(float a, float b)
{
    uint ua = as_uint(a), ub = as_uint(b), sign = (ua ^ ub) & 0x80000000u;
    ua &= 0x7FFFFFFFu;
    ub &= 0x7FFFFFFFu;
    if (ua > 0x7F800000u || ub > 0x7F800000u)
        return as_float(0x7FC00000u);
    if (ua == 0x7F800000u)
        return as_float(ub == 0x7F800000u ? 0x7FC00000u : sign | 0x7F800000u);
    if (ub == 0x7F800000u)
        return as_float(sign);
    if (ub == 0)
        return as_float(ua == 0 ? 0x7FC00000u : sign | 0x7F800000u);
    if (ua == 0)
        return as_float(sign);
    int ea = (int)(ua >> 23), eb = (int)(ub >> 23);
    if (ea == 0)
    {
        int shift = (int)clz(ua) - 8;
        ua <<= shift;
        ea = 1 - shift;
    }
    if (eb == 0)
    {
        int shift = (int)clz(ub) - 8;
        ub <<= shift;
        eb = 1 - shift;
    }
    float left;
    uint uq = as_uint(quotient(as_float((ua & 0x7FFFFFu) | 0x3F800000u), as_float((ub & 0x7FFFFFu) | 0x3F800000u), &left));
    int exponent = (int)(uq >> 23) + ea - eb;
    if (exponent >= 255)
        return as_float(sign | 0x7F800000u);
    if (exponent >= 1)
        return as_float(sign | ((uint)exponent << 23) | (uq & 0x7FFFFFu));
    // A subnormal result: the quotient with one bit more, which says on which side of it the exact one lies, is rounded once.
    int shift = 2 - exponent;
    if (shift > 26)
        return as_float(sign);
    uint m = ((uq & 0x7FFFFFu) | 0x800000u) << 1;
    m += left > 0.0f ? 1u : 0u;
    m -= left < 0.0f ? 1u : 0u;
    uint kept = m >> shift, rest = m & ((1u << shift) - 1u), middle = 1u << (shift - 1);
    if (rest > middle || (rest == middle && (kept & 1u) != 0))
        kept++;
    return as_float(sign | kept);
}

// The square root, rounded once.
float root(float x)
{
    uint u = as_uint(x);
    if ((u << 1) == 0)
        return x;
    if (u >= 0x7F800000u)
        return as_float(u == 0x7F800000u ? u : 0x7FC00000u);
    int exponent = (int)(u >> 23);
    if (exponent == 0)
    {
        int shift = (int)clz(u) - 8;
        u <<= shift;
        exponent = 1 - shift;
    }
    int odd = (exponent + 1) & 1;
    float m = as_float((u & 0x7FFFFFu) | (odd ? 0x40000000u : 0x3F800000u));
    float y = as_float(0x5F375A86u - (as_uint(m) >> 1));
    for (int i = 0; i < 3; i++)
        y = fma(0.5f * y, fma(-m * y, y, 1.0f), y);
    float g = m * y, h = 0.5f * y;
    float r = fma(-g, h, 0.5f);
    g = fma(g, r, g);
    h = fma(h, r, h);
    g = fma(h, fma(-g, g, m), g);
    g = fma(h, fma(-g, g, m), g);
    return as_float(as_uint(g) + ((uint)((exponent - 127 - odd) / 2) << 23));
}

// exp(x) = 2^n exp(r), n = round(x / ln 2); adding 1.5 * 2^23 rounds to a whole number. The steps are those of the CPU's Transcendental.
#define LOG2_E 1.44269504f
#define LN2_HIGH 0.693145752f
#define LN2_LOW 1.42860677e-6f
#define SHIFT 12582912.0f

float power_of_two_from_shifted(float shifted)
{
    return as_float((as_uint(shifted) + 127u) << 23);
}

float remainder_of_exp(float r)
{
    float p = 1.9790244e-4f;
    p = fma(p, r, 1.3944758e-3f);
    p = fma(p, r, 8.333498e-3f);
    p = fma(p, r, 4.1666295e-2f);
    p = fma(p, r, 0.16666666f);
    return fma(p, r, 0.5f);
}

float exp_below_90(float x)
{
    float bounded = larger(-105.0f, x);
    float n = fma(bounded, LOG2_E, SHIFT) - SHIFT;
    float r = fma(n, -LN2_HIGH, bounded);
    r = fma(n, -LN2_LOW, r);
    float p = remainder_of_exp(r);
    float series = fma(p * r, r, r) + 1.0f;
    float upper = fma(n, 0.5f, SHIFT);
    float rest = (n - (upper - SHIFT)) + SHIFT;
    return (series * power_of_two_from_shifted(upper)) * power_of_two_from_shifted(rest);
}

float exponential(float x)
{
    return exp_below_90(smaller(90.0f, x));
}

float sigmoid(float x)
{
    float e = exp_below_90(negative_magnitude(x));
    return divide(larger(e, where_positive(x, 1.0f)), 1.0f + e);
}

float exp_minus_one(float x)
{
    float bounded = larger(-87.0f, x);
    float shifted = fma(bounded, LOG2_E, SHIFT);
    float n = shifted - SHIFT;
    float r = fma(n, -LN2_HIGH, bounded);
    r = fma(n, -LN2_LOW, r);
    float p = remainder_of_exp(r);
    float series = fma(p * r, r, r);
    float power = power_of_two_from_shifted(shifted);
    return fma(power, series, power - 1.0f);
}

float hyperbolic_tangent(float x)
{
    float magnitude = negative_magnitude(x);
    float e = exp_minus_one(magnitude + magnitude);
    float negative = divide(e, 2.0f + e);
    return x >= 0.0f ? -negative : negative;
}

float softplus(float x)
{
    float e = exp_below_90(negative_magnitude(x));
    float s = divide(e, 2.0f + e);
    float z = s * s;
    float p = 0.12144758552312851f;
    p = fma(p, z, 0.1071537658572197f);
    p = fma(p, z, 0.14308297634124756f);
    p = fma(p, z, 0.19999444484710693f);
    p = fma(p, z, 0.3333333730697632f);
    float part = fma(p * z, s, s);
    return larger(0.0f, x) + (part + part);
}

float logarithm(float x)
{
    if (!(x > 0.0f) || as_uint(x) == 0x7F800000u)
        return x == 0.0f ? as_float(0xFF800000u) : x > 0.0f ? x : as_float(0x7FC00000u);
    int exponent = 0;
    if (x < 1.17549435e-38f)
    {
        x *= 8388608.0f;
        exponent = -23;
    }
    int bits = as_int(x), shifted = bits - 0x3F3504F3;
    exponent += shifted >> 23;
    float m = as_float(bits - (int)((uint)(shifted >> 23) << 23));
    float f = m - 1.0f;
    float s = divide(f, 2.0f + f);
    float z = s * s;
    float p = 0.23579112f;
    p = fma(p, z, 0.28537494f);
    p = fma(p, z, 0.4000033f);
    p = fma(p, z, 0.6666666f);
    float correction = s * fma(-z, p, f);
    float n = (float)exponent;
    return fma(n, LN2_HIGH, f - fma(n, -LN2_LOW, correction));
}

// The activation functions, by the numbers of Models/Activation.
#define RELU 1
#define SWISH 2
#define TANH 3
#define ELU 4
#define SOFTPLUS 5

float activate(int function, float z)
{
    switch (function)
    {
        case RELU: return larger(0.0f, z);
        case SWISH: return z * sigmoid(5.0f * z);
        case TANH: return hyperbolic_tangent(z);
        case ELU: return larger(0.0f, z) + exp_minus_one(smaller(0.0f, z));
        case SOFTPLUS: return softplus(z);
        default: return z;
    }
}

// gradient * f'(z).
float activate_back(int function, float z, float gradient)
{
    switch (function)
    {
        case RELU: return where_positive(z, gradient);
        case SWISH:
        {
            float scaled = 5.0f * z, s = sigmoid(scaled);
            return gradient * (s * fma(scaled, 1.0f - s, 1.0f));
        }
        case TANH:
        {
            float t = hyperbolic_tangent(z);
            return gradient * fma(-t, t, 1.0f);
        }
        case ELU: return gradient * exp_below_90(smaller(0.0f, z));
        case SOFTPLUS: return gradient * sigmoid(z);
        default: return gradient;
    }
}

// Sums in the contract's tree (neighbours, then neighbours of those) of what comes one after the other: levels[l] waits for its neighbour
// while bit l of the count is set.
#define LEVELS 24

void tree_add(float *levels, uint group, float sum)
{
    int level = 0;
    for (; (group >> level & 1u) != 0; level++)
        sum = levels[level] + sum;
    levels[level] = sum;
}

float tree_end(const float *levels, uint count)
{
    int level = 0;
    while ((count >> level & 1u) == 0)
        level++;
    float sum = levels[level];
    for (level++; count >> level != 0; level++)
    {
        if ((count >> level & 1u) != 0)
            sum = levels[level] + sum;
    }
    return sum;
}

// The sum of a column of a table, of the numbers themselves or of the squares of their differences from a mean, by a group of 64 items:
// each adds an aligned part of the rows, then all of them add the parts.
#define TREE_ITEMS 64

float tree_sum(__global const float *table, int rows, int stride, float mean, int squares, __local float *parts)
{
    int size = 1, item = (int)get_local_id(0);
    while (size * TREE_ITEMS < rows)
        size *= 2;
    float levels[LEVELS];
    uint count = 0;
    for (int row = item * size; row < min(rows, (item + 1) * size); row++, count++)
    {
        float value = table[(size_t)row * stride], difference = value - mean;
        tree_add(levels, count, squares ? difference * difference : value);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    if (count > 0)
        parts[item] = tree_end(levels, count);
    barrier(CLK_LOCAL_MEM_FENCE);
    uint number = (uint)((rows + size - 1) / size);
    for (uint part = 0; part < number; part++)
        tree_add(levels, part, parts[part]);
    return tree_end(levels, number);
}

// A word of Philox4x32-10: the draw is a function of seed, purpose, step and place; four places share a round.
uint draw(uint seed_low, uint seed_high, uint purpose, uint step, uint high, uint place)
{
    uint4 c = (uint4)(place / 4u, high, step, purpose);
    for (int round = 0; round < 10; round++)
    {
        c = (uint4)(mul_hi(0xCD9E8D57u, c.z) ^ c.y ^ seed_low, 0xCD9E8D57u * c.z, mul_hi(0xD2511F53u, c.x) ^ c.w ^ seed_high,
            0xD2511F53u * c.x);
        seed_low += 0x9E3779B9u;
        seed_high += 0xBB67AE85u;
    }
    uint word = place & 3u;
    return word == 0u ? c.x : word == 1u ? c.y : word == 2u ? c.z : c.w;
}

#ifdef cl_khr_fp64
#pragma OPENCL EXTENSION cl_khr_fp64 : enable

// a / b and the square root of x in binary64, for a positive b and x of at least 1e-30, neither them nor what becomes of them subnormal;
// rounded once, as in binary32.
double divide64(double a, double b)
{
    if (a == 0.0 || !(fabs(a) < INFINITY) || b != b)
        return b != b ? b : a;
    if (b == INFINITY)
        return a > 0.0 ? 0.0 : -0.0;
    double y = as_double(0x7FDE6238DA3C2118ul - as_ulong(b));
    for (int i = 0; i < 6; i++)
        y = fma(y, fma(-b, y, 1.0), y);
    double q = a * y;
    q = fma(fma(-b, q, a), y, q);
    return fma(fma(-b, q, a), y, q);
}

double root64(double x)
{
    if (!(x < INFINITY))
        return x;
    double y = as_double(0x5FE6EB50C295A36Eul - (as_ulong(x) >> 1));
    for (int i = 0; i < 4; i++)
        y = fma(0.5 * y, fma(-x * y, y, 1.0), y);
    double g = x * y, h = 0.5 * y, r = fma(-g, h, 0.5);
    g = fma(g, r, g);
    h = fma(h, r, h);
    g = fma(h, fma(-g, g, x), g);
    return fma(h, fma(-g, g, x), g);
}
#endif
