// Update rules, a weight an item.

// sum += share * gradient: a batch of several passes.
__kernel void add_share(__global const float *gradients, __global float *sum, float share, int count)
{
    int i = (int)get_global_id(0);
    if (i < count)
        sum[i] = fma(share, gradients[i], sum[i]);
}

// New weights that are rounded up or down at random, by binary64, which not every device has.
#ifdef cl_khr_fp64
float next_to(float x, int up)
{
    uint bits = as_uint(x);
    if ((bits << 1) == 0u)
        return as_float(up ? 1u : 0x80000001u);
    return as_float((bits >> 31 != 0u) == (up != 0) ? bits - 1u : bits + 1u);
}

float round_at_random(double exact, uint word)
{
    float near = convert_float_rte(exact);
    if ((double)near == exact || (as_uint(near) & 0x7F800000u) == 0x7F800000u)
        return near;
    int below = (double)near < exact;
    float low = below ? near : next_to(near, 0), high = below ? next_to(near, 1) : near;
    return ((double)word * 2.3283064365386963e-10) * ((double)high - (double)low) < exact - (double)low ? high : low;
}
#endif

// kept w - (rate k) (d / k), rounded to nearest, or at random (then k is 1).
float moved(float w, float kept, float rate, float k, float d, int at_random, uint seed_low, uint seed_high, uint purpose, uint step, int i)
{
#ifdef cl_khr_fp64
    if (at_random)
    {
        double exact = (double)kept * (double)w - (double)rate * (double)d;
        return round_at_random(exact, draw(seed_low, seed_high, purpose, step, 0u, (uint)i));
    }
#endif
    return fma(-rate, divide(d, k), kept * w);
}

__kernel void sgd(__global float *weights, __global const float *gradients, int first_gradient, int count, float rate, float k,
    int at_random, uint seed_low, uint seed_high, uint purpose, uint step, __global float *velocities, float momentum, float decay,
    int nesterov)
{
    int i = (int)get_global_id(0);
    if (i >= count)
        return;
    float w = weights[i], g = fma(decay, w, gradients[first_gradient + i]), v = fma(momentum, velocities[i], g);
    velocities[i] = v;
    float d = nesterov ? fma(momentum, v, g) : v;
    weights[i] = moved(w, 1.0f, rate, k, d, at_random, seed_low, seed_high, purpose, step, i);
}

__kernel void adamw(__global float *weights, __global const float *gradients, int first_gradient, int count, float rate, float k,
    int at_random, uint seed_low, uint seed_high, uint purpose, uint step, __global float *first, __global float *second, float kept,
    float beta1, float not_beta1, float beta2, float not_beta2, float correction, float epsilon)
{
    int i = (int)get_global_id(0);
    if (i >= count)
        return;
    float g = gradients[first_gradient + i];
    float m = fma(not_beta1, g, beta1 * first[i]);
    first[i] = m;
    float v = fma(not_beta2 * g, g, beta2 * second[i]);
    second[i] = v;
    float d = divide(m, divide(root(v), correction) + epsilon);
    weights[i] = moved(weights[i], kept, rate, k, d, at_random, seed_low, seed_high, purpose, step, i);
}

// How many numbers are not finite.
__kernel void count_not_finite(__global const float *a, int count, __global int *result)
{
    int i = (int)get_global_id(0);
    if (i < count && (as_uint(a[i]) & 0x7F800000u) == 0x7F800000u)
        atomic_inc(result);
}

#ifdef cl_khr_fp64
// |a - b| / (|a| + |b|); -1 where both are NaN, which counts as equal where all numbers are.
__kernel void difference_terms(__global const float *a, __global const float *b, int first, int count, __global double *terms)
{
    int i = (int)get_global_id(0);
    if (i >= count)
        return;
    double x = (double)a[first + i], y = (double)b[first + i], sum = fabs(x) + fabs(y);
    if (x == y)
        terms[i] = 0.0;
    else if (x != x || y != y)
        terms[i] = x != x && y != y ? -1.0 : (double)NAN;
    else
        terms[i] = sum == (double)INFINITY ? 1.0 : divide64(fabs(x - y), sum);
}

// Eight sums, an item each: every eighth term in turn. Behind them, for each, whether a term is not 0.
__kernel void difference_sums(__global const double *terms, int count, __global double *sums, int at)
{
    int lane = (int)get_global_id(0);
    double sum = 0.0, differs = 0.0;
    for (int i = lane; i < count; i += 8)
    {
        double term = terms[i];
        sum += term == -1.0 ? (double)NAN : term;
        differs = term != 0.0 && term != -1.0 ? 1.0 : differs;
    }
    sums[at + lane] = sum;
    sums[at + 8 + lane] = differs;
}
#endif
