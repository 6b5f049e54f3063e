// A small linear layer behind an average, an output an item: one chain from the bias.
__kernel void linear(__global const float *x, int x_row, __global const float *parameters, int weight, int bias, __global float *y,
    int count, int features, int outputs, int stored, int images, int stride)
{
    int item = (int)get_global_id(0);
    if (item >= count)
        return;
    int k = item % stored, image = item / stored;
    parameters += (size_t)(image / images) * stride;
    float sum = 0.0f;
    if (k < outputs)
    {
        sum = parameters[bias + k];
        for (int i = 0; i < features; i++)
            sum = fma(x[(size_t)image * x_row + i], parameters[weight + k * features + i], sum);
    }
    y[item] = sum;
}

__kernel void linear_input_gradient(__global const float *gradient, int row, __global const float *parameters, int weight,
    __global float *to, int count, int features, int outputs, int stored, int images, int stride)
{
    int item = (int)get_global_id(0);
    if (item >= count)
        return;
    int i = item % stored, image = item / stored;
    parameters += (size_t)(image / images) * stride;
    float sum = 0.0f;
    for (int k = 0; i < features && k < outputs; k++)
        sum = fma(gradient[(size_t)image * row + k], parameters[weight + k * features + i], sum);
    to[item] = sum;
}

// One chain over the images of a chunk, the chunks in the tree; behind the weights the bias.
__kernel void linear_weight_gradient(__global const float *gradient, int row, __global const float *x, int x_row,
    __global float *gradients, int weight, int bias, int images, int features, int outputs, int stride)
{
    int item = (int)get_global_id(0), weights = features * outputs;
    if (item >= weights + outputs)
        return;
    gradient += (size_t)get_global_id(1) * images * row;
    x += (size_t)get_global_id(1) * images * x_row;
    gradients += (size_t)get_global_id(1) * stride;
    int k = item < weights ? item / features : item - weights, i = item % features;
    float levels[LEVELS];
    uint groups = 0;
    for (int first = 0; first < images; first += 4, groups++)
    {
        float sum = 0.0f;
        for (int image = first; image < min(images, first + 4); image++)
        {
            float g = gradient[(size_t)image * row + k];
            sum = item < weights ? fma(g, x[(size_t)image * x_row + i], sum) : sum + g;
        }
        tree_add(levels, groups, sum);
    }
    gradients[item < weights ? weight + item : bias + k] = tree_end(levels, groups);
}

// Windows of 2x2 pixels: the average, or the largest number (NaN where one is not finite).
__kernel void pool(__global const float *x, __global float *y, int count, int out_height, int out_width, int channels, int averages)
{
    int item = (int)get_global_id(0);
    if (item >= count)
        return;
    int c = item % channels, at = item / channels % out_width, row = item / channels / out_width;
    __global const float *from = x + ((size_t)row * 2 * (2 * out_width) + 2 * at) * channels + c;
    float a = from[0], b = from[channels], d = from[2 * out_width * channels], e = from[(2 * out_width + 1) * channels];
    y[item] = averages ? 0.25f * ((a + b) + (d + e))
        : larger(larger(a, b), larger(d, e)) + (((a - a) + (b - b)) + ((d - d) + (e - e)));
}

__kernel void pool_back(__global const float *x, __global const float *gradient, __global float *to, int count, int out_height,
    int out_width, int channels, int averages)
{
    int item = (int)get_global_id(0);
    if (item >= count)
        return;
    int c = item % channels, at = item / channels % out_width, row = item / channels / out_width;
    size_t first = ((size_t)row * 2 * (2 * out_width) + 2 * at) * channels + c;
    int places[4] = { 0, channels, 2 * out_width * channels, (2 * out_width + 1) * channels };
    float g = gradient[item];
    if (averages)
    {
        for (int k = 0; k < 4; k++)
            to[first + places[k]] = 0.25f * g;
        return;
    }
    // The first of the largest; a difference that is not a number moves on, as on the CPU.
    int place = 0;
    float largest = x[first];
    for (int k = 1; k < 4; k++)
    {
        float next = x[first + places[k]];
        bool stays = largest - next >= 0.0f;
        place = stays ? place : k;
        largest = stays ? largest : next;
    }
    for (int k = 0; k < 4; k++)
        to[first + places[k]] = k == place ? g : 0.0f;
}

// A position's share of the gradient of an average.
__kernel void spread(__global const float *gradient, __global float *to, int count, int positions, int channels)
{
    int item = (int)get_global_id(0);
    if (item < count)
        to[item] = divide(gradient[item / channels / positions * channels + item % channels], (float)positions);
}

// The loss of each image, its share in the gradient of the mean, and whether it is classified correctly.
__kernel void cross_entropy(__global const float *outputs, __global const int *labels, int from, __global float *gradients,
    __global float *losses, int count, int images, int classes, int stored)
{
    int image = (int)get_global_id(0);
    if (image >= count)
        return;
    __global const float *z = outputs + (size_t)image * stored;
    __global float *g = gradients + (size_t)image * stored;
    int label = labels[from + image % images];
    float largest = z[0];
    for (int k = 1; k < classes; k++)
        largest = z[k] > largest ? z[k] : largest;
    float sum = 0.0f;
    for (int k = 0; k < classes; k++)
    {
        float value = exponential(z[k] - largest);
        g[k] = value;
        sum += value;
    }
    for (int k = 0; k < classes; k++)
        g[k] = divide(divide(g[k], sum) - (k == label ? 1.0f : 0.0f), (float)images);
    losses[image] = logarithm(sum) - (z[label] - largest);
}

__kernel void squared_error(__global const float *outputs, __global const int *labels, int from, __global float *gradients,
    __global float *losses, int count, int images, int classes, int stored)
{
    int image = (int)get_global_id(0);
    if (image >= count)
        return;
    __global const float *z = outputs + (size_t)image * stored;
    float sum = 0.0f;
    for (int k = 0; k < classes; k++)
    {
        float difference = z[k] - (k == labels[from + image % images] ? 1.0f : 0.0f);
        sum = fma(difference, difference, sum);
        gradients[(size_t)image * stored + k] = divide(difference, (float)images);
    }
    losses[image] = 0.5f * sum;
}

// What a pass says of the images of one replica, into a place of its results: the sum of the losses, and how many are correct. One group.
__kernel void take_result(__global const float *outputs, __global const int *labels, int from, __global const float *losses,
    __global float *results, int place, int replica, int images, int classes, int stored)
{
    __local float parts[TREE_ITEMS];
    __local int correct;
    outputs += (size_t)replica * images * stored;
    losses += (size_t)replica * images;
    float sum = tree_sum(losses, images, 1, 0.0f, 0, parts);
    if (get_local_id(0) == 0)
        correct = 0;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int image = (int)get_local_id(0); image < images; image += (int)get_local_size(0))
    {
        int best = 0, number = 1;
        for (int k = 0; k < classes; k++)
        {
            float z = outputs[(size_t)image * stored + k];
            number = z == z ? number : 0;
            best = z > outputs[(size_t)image * stored + best] ? k : best;
        }
        if (number && best == labels[from + image])
            atomic_inc(&correct);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    if (get_local_id(0) == 0)
    {
        results[2 * place] = sum;
        results[2 * place + 1] = as_float(correct);
    }
}
