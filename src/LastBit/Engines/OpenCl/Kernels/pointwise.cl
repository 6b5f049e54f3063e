// What is done number by number, and the sums of batch normalisation. Tensors are images x positions x channels, the images of several
// replicas one after the other (each: how many numbers are one replica's; images: how many images). The coefficients of a normalisation are
// six numbers a channel, of each replica: mean, scale, shift, slope and offset of the gradient, inverse deviation.
#define COEFFICIENTS 6

__kernel void fill_zero(__global float *x, int count)
{
    int i = (int)get_global_id(0);
    if (i < count)
        x[i] = 0.0f;
}

float normalise(__global const float *k, int channels, int c, float x)
{
    return fma(x - k[c], k[channels + c], k[2 * channels + c]);
}

float seen(__global const float *x, int i, __global const float *k, int channels, int normalised, int function, int each)
{
    float z = x[i];
    if (normalised)
        z = normalise(k + (size_t)(i / each) * COEFFICIENTS * channels, channels, i % channels, z);
    return activate(function, z);
}

// seen = f(norm(x)).
__kernel void view(__global const float *x, __global const float *k, __global float *to, int count, int channels, int normalised,
    int function, int each)
{
    int i = (int)get_global_id(0);
    if (i < count)
        to[i] = seen(x, i, k, channels, normalised, function, each);
}

// norm(left) + f(norm(right)).
__kernel void add(__global const float *left, __global const float *left_k, int left_normalised, __global const float *right,
    __global const float *right_k, int right_normalised, int function, __global float *to, int count, int channels, int each)
{
    int i = (int)get_global_id(0);
    if (i < count)
        to[i] = seen(left, i, left_k, channels, left_normalised, 0, each)
            + seen(right, i, right_k, channels, right_normalised, function, each);
}

// target += source.
__kernel void accumulate(__global const float *source, __global float *target, int count)
{
    int i = (int)get_global_id(0);
    if (i < count)
        target[i] = target[i] + source[i];
}

// Mean and squared deviations of one image's channels: groups of 16 channels by four chains.
__kernel void moments(__global const float *x, __global float *means, __global float *squares, int positions, int channels)
{
    __local float part[4][16];
    int lane = (int)get_local_id(0), chain = (int)get_local_id(1), c = (int)get_global_id(0), image = (int)get_global_id(2);
    __global const float *from = x + (size_t)image * positions * channels + c;
    float sum = 0.0f;
    for (int p = chain; p < positions; p += 4)
        sum += from[(size_t)p * channels];
    part[chain][lane] = sum;
    barrier(CLK_LOCAL_MEM_FENCE);
    float mean = divide((part[0][lane] + part[1][lane]) + (part[2][lane] + part[3][lane]), (float)positions);
    barrier(CLK_LOCAL_MEM_FENCE);
    sum = 0.0f;
    for (int p = chain; p < positions; p += 4)
    {
        float d = from[(size_t)p * channels] - mean;
        sum = fma(d, d, sum);
    }
    part[chain][lane] = sum;
    barrier(CLK_LOCAL_MEM_FENCE);
    if (chain == 0)
    {
        means[image * channels + c] = mean;
        squares[image * channels + c] = (part[0][lane] + part[1][lane]) + (part[2][lane] + part[3][lane]);
    }
}

void set_scale(__global float *k, int channels, int c, float mean, float variance, float epsilon, float weight, float bias)
{
    float inverse = divide(1.0f, root(variance + epsilon));
    k[c] = mean;
    k[channels + c] = weight * inverse;
    k[2 * channels + c] = bias;
    k[5 * channels + c] = inverse;
}

// The coefficients of a batch from the moments of its images, and the running statistics: one group a channel and replica.
__kernel void finish_forward(__global const float *means, __global const float *squares, __global float *k,
    __global const float *parameters, int weight, int bias, __global float *statistics, int mean_at, int variance_at, int images,
    int channels, int positions, float epsilon, float momentum, float kept, int stride, int statistics_stride)
{
    __local float parts[TREE_ITEMS];
    int c = (int)get_group_id(0), replica = (int)get_group_id(1);
    means += (size_t)replica * images * channels;
    squares += (size_t)replica * images * channels;
    k += (size_t)replica * COEFFICIENTS * channels;
    parameters += (size_t)replica * stride;
    statistics += (size_t)replica * statistics_stride;
    float within = tree_sum(squares + c, images, channels, 0.0f, 0, parts);
    float mean = divide(tree_sum(means + c, images, channels, 0.0f, 0, parts), (float)images);
    float between = tree_sum(means + c, images, channels, mean, 1, parts);
    if (get_local_id(0) != 0)
        return;
    float count = (float)images * (float)positions;
    float total = fma((float)positions, between, within);
    set_scale(k, channels, c, mean, divide(total, count), epsilon, parameters[weight + c], parameters[bias + c]);
    statistics[mean_at + c] = fma(momentum, mean, kept * statistics[mean_at + c]);
    statistics[variance_at + c] = fma(momentum, divide(total, count - 1.0f), kept * statistics[variance_at + c]);
}

// The coefficients of an evaluation.
__kernel void use_running(__global float *k, __global const float *parameters, int weight, int bias, __global const float *statistics,
    int mean_at, int variance_at, int channels, float epsilon, int stride, int statistics_stride)
{
    int c = (int)get_global_id(0), replica = (int)get_global_id(1);
    if (c >= channels)
        return;
    k += (size_t)replica * COEFFICIENTS * channels;
    parameters += (size_t)replica * stride;
    statistics += (size_t)replica * statistics_stride;
    float mean = statistics[mean_at + c], variance = statistics[variance_at + c];
    set_scale(k, channels, c, mean, variance, epsilon, parameters[weight + c], parameters[bias + c]);
}

// The gradient that reaches a view, passed back through the activation function: target = ((already ? target : 0) + contribution) f'.
__kernel void close_view(__global const float *contribution, __global const float *x, __global float *target, int count, int function,
    int already)
{
    int i = (int)get_global_id(0);
    if (i >= count)
        return;
    float gradient = contribution[i];
    if (already)
        gradient = target[i] + gradient;
    target[i] = activate_back(function, x[i], gradient);
}

// The same for a normalised view, with its sums over the image: of target, and of target (x - mean).
__kernel void close_normalised(__global const float *contribution, __global const float *x, __global const float *k,
    __global float *target, __global float *sums, __global float *products, int positions, int channels, int function, int already,
    int images)
{
    __local float part[4][16], other[4][16];
    int lane = (int)get_local_id(0), chain = (int)get_local_id(1), c = (int)get_global_id(0), image = (int)get_global_id(2);
    size_t first = (size_t)image * positions * channels + c;
    k += (size_t)(image / images) * COEFFICIENTS * channels;
    float mean = k[c], scale = k[channels + c], shift = k[2 * channels + c], sum = 0.0f, product = 0.0f;
    for (int p = chain; p < positions; p += 4)
    {
        size_t i = first + (size_t)p * channels;
        float gradient = contribution[i];
        if (already)
            gradient = target[i] + gradient;
        float d = x[i] - mean;
        gradient = activate_back(function, fma(d, scale, shift), gradient);
        target[i] = gradient;
        sum += gradient;
        product = fma(gradient, d, product);
    }
    part[chain][lane] = sum;
    other[chain][lane] = product;
    barrier(CLK_LOCAL_MEM_FENCE);
    if (chain == 0)
    {
        sums[image * channels + c] = (part[0][lane] + part[1][lane]) + (part[2][lane] + part[3][lane]);
        products[image * channels + c] = (other[0][lane] + other[1][lane]) + (other[2][lane] + other[3][lane]);
    }
}

// The gradients of weight and bias and the coefficients of the gradient: one group a channel and replica.
__kernel void finish_backward(__global const float *sums, __global const float *products, __global float *k, __global float *gradients,
    int weight, int bias, int images, int channels, int positions, int stride)
{
    __local float parts[TREE_ITEMS];
    int c = (int)get_group_id(0), replica = (int)get_group_id(1);
    sums += (size_t)replica * images * channels;
    products += (size_t)replica * images * channels;
    k += (size_t)replica * COEFFICIENTS * channels;
    gradients += (size_t)replica * stride;
    float sum = tree_sum(sums + c, images, channels, 0.0f, 0, parts);
    float product = tree_sum(products + c, images, channels, 0.0f, 0, parts);
    if (get_local_id(0) != 0)
        return;
    float count = (float)images * (float)positions, inverse = k[5 * channels + c], scale = k[channels + c];
    gradients[bias + c] = sum;
    gradients[weight + c] = product * inverse;
    k[4 * channels + c] = -scale * divide(sum, count);
    k[3 * channels + c] = -scale * ((inverse * inverse) * divide(product, count));
}

// The gradient with respect to a stored tensor from that of its view (and from those who read it as it is).
__kernel void norm_backward(__global const float *dz, __global const float *x, __global const float *k, __global const float *raw,
    __global float *to, int count, int channels, int normalised, int has_raw, int each)
{
    int i = (int)get_global_id(0);
    if (i >= count)
        return;
    int c = i % channels;
    k += normalised ? (size_t)(i / each) * COEFFICIENTS * channels : 0;
    float gradient = dz[i];
    if (normalised)
        gradient = fma(k[channels + c], gradient, fma(k[3 * channels + c], x[i] - k[c], k[4 * channels + c]));
    if (has_raw)
        gradient = gradient + raw[i];
    to[i] = gradient;
}

// Each number times 0 or kept, as the layer's draws have it; padding channels as they are.
__kernel void dropout(__global const float *x, __global float *to, int count, int image_size, int channels, int stored, uint threshold,
    float kept, uint seed_low, uint seed_high, uint purpose, uint step, uint node, __global const int *places, int from, int images)
{
    int i = (int)get_global_id(0);
    if (i >= count)
        return;
    int c = i % stored, image = i / image_size;
    uint high = node << 16 | (uint)places[from + image % images];
    uint word = draw(seed_low, seed_high, purpose, step, high, (uint)(i % image_size / stored * channels + c));
    to[i] = c >= channels ? x[i] : x[i] * (word < threshold ? 0.0f : kept);
}

// Group normalisation: the coefficients are those of an image. Its channels are summed by the kernels of batch normalisation, and those of
// a group put together in binary64, in their order. An item is a group of an image.
#ifdef cl_khr_fp64
double group_inverse(__global const float *means, __global const float *squares, int size, int positions, double *mean)
{
    double sum = 0.0, variance = 0.0;
    for (int c = 0; c < size; c++)
        sum += (double)means[c];
    *mean = divide64(sum, (double)size);
    for (int c = 0; c < size; c++)
    {
        double d = (double)means[c] - *mean;
        variance = fma((double)positions * d, d, variance + (double)squares[c]);
    }
    return divide64(1.0, root64(divide64(variance, (double)size * (double)positions) + 1e-5));
}

__kernel void group_forward(__global const float *means, __global const float *squares, __global float *k,
    __global const float *parameters, int weight, int bias, int count, int groups, int size, int positions, int images, int stride)
{
    int item = (int)get_global_id(0);
    if (item >= count)
        return;
    int image = item / groups, channels = groups * size;
    double mean, inverse = group_inverse(means + item * size, squares + item * size, size, positions, &mean);
    parameters += (size_t)(image / images) * stride;
    k += (size_t)image * COEFFICIENTS * channels;
    for (int c = item % groups * size, end = c + size; c < end; c++)
    {
        k[c] = convert_float_rte(mean);
        k[channels + c] = convert_float_rte((double)parameters[weight + c] * inverse);
        k[2 * channels + c] = parameters[bias + c];
        k[5 * channels + c] = convert_float_rte(inverse);
    }
}

__kernel void group_backward(__global const float *means, __global const float *squares, __global const float *sums,
    __global const float *products, __global float *k, __global const float *parameters, int weight, int count, int groups, int size,
    int positions, int images, int stride)
{
    int item = (int)get_global_id(0);
    if (item >= count)
        return;
    int image = item / groups, channels = groups * size, first = item % groups * size;
    double mean, inverse = group_inverse(means + item * size, squares + item * size, size, positions, &mean), sum = 0.0, product = 0.0;
    parameters += (size_t)(image / images) * stride;
    for (int c = 0; c < size; c++)
    {
        double w = (double)parameters[weight + first + c];
        sum = fma(w, (double)sums[item * size + c], sum);
        product = fma(w, (double)products[item * size + c], product);
    }
    double number = (double)size * (double)positions;
    float slope = convert_float_rte(divide64(-inverse * inverse * inverse * product, number));
    float offset = convert_float_rte(divide64(-inverse * sum, number));
    k += (size_t)image * COEFFICIENTS * channels;
    for (int c = first; c < first + size; c++)
    {
        k[3 * channels + c] = slope;
        k[4 * channels + c] = offset;
    }
}
#endif

// The gradients of its weight and bias: one chain over the images of a chunk, the chunks in the tree.
__kernel void group_gradient(__global const float *sums, __global const float *products, __global const float *k,
    __global float *gradients, int weight, int bias, int images, int channels, int stride)
{
    int c = (int)get_global_id(0), first_image = (int)get_global_id(1) * images;
    if (c >= channels)
        return;
    float weights[LEVELS], biases[LEVELS];
    uint groups = 0;
    for (int first = 0; first < images; first += 4, groups++)
    {
        float w = 0.0f, b = 0.0f;
        for (int image = first_image + first; image < first_image + min(images, first + 4); image++)
        {
            w = fma(products[image * channels + c], k[((size_t)image * COEFFICIENTS + 5) * channels + c], w);
            b += sums[image * channels + c];
        }
        tree_add(weights, groups, w);
        tree_add(biases, groups, b);
    }
    gradients += (size_t)get_global_id(1) * stride;
    gradients[weight + c] = tree_end(weights, groups);
    gradients[bias + c] = tree_end(biases, groups);
}
