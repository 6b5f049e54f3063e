// Every operation of the contract by itself, for the test of a device: each number of a, b and c gives one result.
__kernel void test_operation(__global const float *a, __global const float *b, __global const float *c, __global float *results, int count,
    int operation)
{
    int i = (int)get_global_id(0);
    if (i >= count)
        return;
    float x = a[i], y = b[i], z = c[i], result = 0.0f;
    switch (operation)
    {
        case 0: result = x + y; break;
        case 1: result = x - y; break;
        case 2: result = x * y; break;
        case 3: result = fma(x, y, z); break;
        case 4: result = x * y + z; break;
        case 5: result = z - x * y; break;
        case 6: result = divide(x, y); break;
        case 7: result = root(x); break;
        case 8: result = larger(x, y); break;
        case 9: result = smaller(x, y); break;
        case 10: result = where_positive(x, y); break;
        case 11: result = exponential(x); break;
        case 12: result = sigmoid(x); break;
        case 13: result = exp_minus_one(smaller(0.0f, x)); break;
        case 14: result = hyperbolic_tangent(x); break;
        case 15: result = softplus(x); break;
        case 16: result = logarithm(x); break;
        case 17: result = activate(SWISH, x); break;
        case 18: result = activate_back(RELU, x, y); break;
        case 19: result = activate_back(SWISH, x, y); break;
        case 20: result = activate_back(TANH, x, y); break;
        case 21: result = activate_back(ELU, x, y); break;
        case 22: result = activate_back(SOFTPLUS, x, y); break;
        case 23: result = activate(ELU, x); break;
    }
    results[i] = result;
}
