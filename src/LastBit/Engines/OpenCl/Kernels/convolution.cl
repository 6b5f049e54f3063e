// Convolutions. Weights lie as the CPU's kernels have them, [row][in][column][out]; those of the input gradient flipped. The images of
// several replicas follow one another; each replica has its own parameters and packed weights, so many numbers apart (stride,
// packed_stride).

// packed[i] = parameters[map[i]], 0 where there is none: all weights of a network in the layouts of their kernels, at once.
__kernel void pack(__global const float *parameters, __global const int *map, __global float *packed, int count,
    int stride)
{
    int i = (int)get_global_id(0), replica = (int)get_global_id(1);
    if (i < count)
        packed[(size_t)replica * count + i] = map[i] < 0 ? 0.0f : parameters[(size_t)replica * stride + map[i]];
}

// 3x3, stride 1: a group of 64 items computes 8 x 8 pixels of 16 channels, an item 4 pixels of a row by 4 channels. One chain a kernel row,
// input channel outside, kernel column inside; what the padding would add is left out. Rows of the image are 8 columns times blocks.
#define TILE 8
#define PLANE (TILE * (TILE + 2) + 1)

__kernel __attribute__((reqd_work_group_size(64, 1, 1)))
void convolution3x3(__global const float *input, __global const float *weights, int first_weight, __global const float *parameters,
    int bias, __global float *output, int height, int width, int in_channels, int terms, int out_channels, int images, int stride,
    int packed_stride)
{
    __local float x[16][PLANE];
    __local float4 w[16][3][4];
    int item = (int)get_local_id(0), four = item & 3, strip = item >> 2;
    int row = strip >> 1, column = (strip & 1) * 4;
    int across = width / TILE, tile = (int)get_group_id(0), image = (int)get_group_id(2), from = (int)get_group_id(1) * 16;
    int x0 = tile % across * TILE, y0 = tile / across * TILE;
    int y = y0 + row;
    bool left = x0 + column > 0, right = x0 + column + 4 < width;
    weights += (size_t)(image / images) * packed_stride;
    parameters += (size_t)(image / images) * stride;
    __global const float *picture = input + (size_t)image * height * width * in_channels;
    float4 sum[4];
    bool begun = false;
    for (int p = 0; p < 4; p++)
        sum[p] = (float4)(0.0f);
    for (int r = 0; r < 3; r++)
    {
        float4 a0 = (float4)(0.0f), a1 = a0, a2 = a0, a3 = a0;
        for (int base = 0; base < terms; base += 16)
        {
            int channels = min(16, terms - base);
            barrier(CLK_LOCAL_MEM_FENCE);
            for (int i = item; i < TILE * (TILE + 2) * 16; i += 64)
            {
                int c = i & 15, place = i >> 4, sy = y0 + place / (TILE + 2) + r - 1, sx = x0 + place % (TILE + 2) - 1;
                bool inside = c < channels && sy >= 0 && sy < height && sx >= 0 && sx < width;
                x[c][place] = inside ? picture[((size_t)sy * width + sx) * in_channels + base + c] : 0.0f;
            }
            for (int i = item; i < 16 * 3 * 4; i += 64)
            {
                int c = i / 12, k = i / 4 % 3, o = from + (i & 3) * 4;
                if (c < channels)
                    w[c][k][i & 3] = vload4(0, weights + first_weight + (((size_t)r * in_channels + base + c) * 3 + k) * out_channels + o);
            }
            barrier(CLK_LOCAL_MEM_FENCE);
            for (int c = 0; c < channels; c++)
            {
                __local const float *line = x[c] + row * (TILE + 2) + column;
                float4 w0 = w[c][0][four], w1 = w[c][1][four], w2 = w[c][2][four];
                float v0 = line[0], v1 = line[1], v2 = line[2], v3 = line[3], v4 = line[4], v5 = line[5];
                a0 = left ? fma4(v0, w0, a0) : a0;
                a0 = fma4(v1, w1, a0);
                a0 = fma4(v2, w2, a0);
                a1 = fma4(v1, w0, a1);
                a1 = fma4(v2, w1, a1);
                a1 = fma4(v3, w2, a1);
                a2 = fma4(v2, w0, a2);
                a2 = fma4(v3, w1, a2);
                a2 = fma4(v4, w2, a2);
                a3 = fma4(v3, w0, a3);
                a3 = fma4(v4, w1, a3);
                a3 = right ? fma4(v5, w2, a3) : a3;
            }
        }
        if (y + r - 1 >= 0 && y + r - 1 < height)
        {
            sum[0] = begun ? sum[0] + a0 : a0;
            sum[1] = begun ? sum[1] + a1 : a1;
            sum[2] = begun ? sum[2] + a2 : a2;
            sum[3] = begun ? sum[3] + a3 : a3;
            begun = true;
        }
    }
    if (y >= height)
        return;
    float4 added = bias < 0 ? (float4)(0.0f) : vload4(0, parameters + bias + from + four * 4);
    for (int p = 0; p < 4; p++)
    {
        float4 value = bias < 0 ? sum[p] : sum[p] + added;
        vstore4(value, 0, output + (((size_t)image * height + y) * width + x0 + column + p) * out_channels + from + four * 4);
    }
}

// Any size and stride, an output an item. Columns beside the image are zeros that are multiplied, rows are left out.
__kernel void convolution(__global const float *input, __global const float *weights, int first_weight, __global const float *parameters,
    int bias, __global float *output, int count, int in_height, int in_width, int in_channels, int out_height, int out_width,
    int out_channels, int size, int step, int images, int stride, int packed_stride)
{
    int i = (int)get_global_id(0);
    if (i >= count)
        return;
    int o = i % out_channels, place = i / out_channels, x = place % out_width, y = place / out_width % out_height;
    int image = place / out_width / out_height, padding = size / 2;
    int first = max(0, padding - step * y), last = min(size, in_height + padding - step * y);
    weights += (size_t)(image / images) * packed_stride;
    parameters += (size_t)(image / images) * stride;
    float sum = 0.0f;
    for (int r = first; r < last; r++)
    {
        __global const float *line = input + ((size_t)image * in_height + step * y + r - padding) * in_width * in_channels;
        __global const float *w = weights + first_weight + (size_t)r * in_channels * size * out_channels + o;
        float chain = 0.0f;
        for (int c = 0; c < in_channels; c++)
        {
            for (int k = 0; k < size; k++, w += out_channels)
            {
                int from = step * x + k - padding;
                chain = fma(from >= 0 && from < in_width ? line[(size_t)from * in_channels + c] : 0.0f, *w, chain);
            }
        }
        sum = r > first ? sum + chain : chain;
    }
    output[i] = bias < 0 ? sum : sum + parameters[bias + o];
}

int first_tap(int coordinate, int size, int padding, int stride)
{
    int rest = (coordinate + padding) % stride;
    int k = size - 1 - (((size - 1 - rest) % stride + stride) % stride);
    return k < rest ? -1 : k;
}

// The gradient with respect to its input. The taps that read a pixel, rows and columns of the kernel falling.
__kernel void convolution_input_gradient(__global const float *gradient, __global const float *flipped, int first_weight,
    __global float *to, int count, int in_height, int in_width, int in_channels, int out_height, int out_width, int out_channels, int size,
    int stride, int images, int packed_stride)
{
    int item = (int)get_global_id(0);
    if (item >= count)
        return;
    int i = item % in_channels, place = item / in_channels, x = place % in_width, y = place / in_width % in_height;
    int image = place / in_width / in_height, padding = size / 2;
    flipped += (size_t)(image / images) * packed_stride;
    int r = first_tap(y, size, padding, stride);
    while (r >= 0 && y + padding - r < 0)
        r -= stride;
    int k0 = first_tap(x % stride, size, padding, stride), columns = k0 < 0 ? 0 : k0 / stride + 1;
    int x0 = x / stride + (x % stride + padding - k0) / stride;
    float sum = 0.0f;
    for (int first = r; columns > 0 && r >= 0 && (y + padding - r) / stride < out_height; r -= stride)
    {
        __global const float *line = gradient + ((size_t)image * out_height + (y + padding - r) / stride) * out_width * out_channels;
        __global const float *w = flipped + first_weight + (size_t)(size - 1 - r) * out_channels * size * in_channels + i;
        float chain = 0.0f;
        for (int o = 0; o < out_channels; o++, w += (size_t)size * in_channels)
        {
            for (int k = 0; k < columns; k++)
            {
                int from = x0 + k;
                float g = from >= 0 && from < out_width ? line[(size_t)from * out_channels + o] : 0.0f;
                chain = fma(g, w[(size_t)(size - 1 - k0 + stride * k) * in_channels], chain);
            }
        }
        sum = r < first ? sum + chain : chain;
    }
    to[item] = sum;
}

// The weight gradient of a 3x3 convolution with stride 1, a table of weights an image (or a chunk of 4): a group of 64 items computes one
// kernel row of 16 input by 16 output channels, an item 4 input channels by 3 columns; chains run along rows, border columns left out.
#define SPAN 32

__kernel __attribute__((reqd_work_group_size(64, 1, 1)))
void weight_gradient3x3(__global const float *input, __global const float *gradient, __global float *tables, int height, int width,
    int in_channels, int out_channels, int images, int together, int tables_count)
{
    __local float x[SPAN][16];
    __local float g[SPAN + 2][16];
    int item = (int)get_local_id(0), o = item & 15, four = (item >> 4) * 4;
    int blocks = (in_channels + 15) / 16, block = (int)get_group_id(0), i0 = block % blocks * 16, o0 = block / blocks * 16;
    int r = (int)get_group_id(1), table = (int)get_group_id(2), first_image = table / tables_count * images;
    int part = table % tables_count * together;
    float sums[4][3];
    for (int i = 0; i < 4; i++)
        for (int c = 0; c < 3; c++)
            sums[i][c] = 0.0f;
    for (int image = first_image + part; image < first_image + min(images, part + together); image++)
    {
        float chains[4][3];
        for (int i = 0; i < 4; i++)
            for (int c = 0; c < 3; c++)
                chains[i][c] = 0.0f;
        for (int y = max(0, 1 - r); y < min(height, height + 1 - r); y++)
        {
            __global const float *source = input + ((size_t)image * height + y + r - 1) * width * in_channels;
            __global const float *outer = gradient + ((size_t)image * height + y) * width * out_channels;
            for (int x0 = 0; x0 < width; x0 += SPAN)
            {
                int span = min(SPAN, width - x0);
                barrier(CLK_LOCAL_MEM_FENCE);
                for (int k = item; k < span * 16; k += 64)
                    x[k >> 4][k & 15] = i0 + (k & 15) < in_channels ? source[(size_t)(x0 + (k >> 4)) * in_channels + i0 + (k & 15)] : 0.0f;
                for (int k = item; k < (span + 2) * 16; k += 64)
                {
                    int at = x0 + (k >> 4) - 1;
                    g[k >> 4][k & 15] = at >= 0 && at < width ? outer[(size_t)at * out_channels + o0 + (k & 15)] : 0.0f;
                }
                barrier(CLK_LOCAL_MEM_FENCE);
                float before = g[0][o], here = g[1][o];
                for (int p = 0; p < span; p++)
                {
                    float after = g[p + 2][o];
                    bool first = x0 + p == 0, last = x0 + p == width - 1;
                    for (int i = 0; i < 4; i++)
                    {
                        float value = x[p][four + i];
                        chains[i][0] = last ? chains[i][0] : fma(value, after, chains[i][0]);
                        chains[i][1] = fma(value, here, chains[i][1]);
                        chains[i][2] = first ? chains[i][2] : fma(value, before, chains[i][2]);
                    }
                    before = here;
                    here = after;
                }
            }
        }
        for (int i = 0; i < 4; i++)
            for (int c = 0; c < 3; c++)
                sums[i][c] += chains[i][c];
    }
    __global float *target = tables + (size_t)table * 9 * in_channels * out_channels;
    for (int i = 0; i < 4; i++)
    {
        for (int c = 0; c < 3; c++)
        {
            if (i0 + four + i < in_channels)
                target[(((size_t)r * in_channels + i0 + four + i) * 3 + c) * out_channels + o0 + o] = sums[i][c];
        }
    }
}

// The same for any size and stride, a weight of a table an item; columns beside the image are zeros that are multiplied.
__kernel void weight_gradient(__global const float *input, __global const float *gradient, __global float *tables, int count,
    int in_height, int in_width, int in_channels, int out_height, int out_width, int out_channels, int size, int stride, int images,
    int together, int tables_count)
{
    int item = (int)get_global_id(0);
    if (item >= count)
        return;
    int o = item % out_channels, c = item / out_channels % size, i = item / out_channels / size % in_channels;
    int r = item / out_channels / size / in_channels % size, table = item / (out_channels * size * in_channels * size), padding = size / 2;
    int first = max(0, (padding - r + stride - 1) / stride), last = min(out_height, (in_height - 1 + padding - r) / stride + 1);
    int first_image = table / tables_count * images, part = table % tables_count * together;
    float sum = 0.0f;
    for (int image = first_image + part; image < first_image + min(images, part + together); image++)
    {
        float chain = 0.0f;
        for (int y = first; y < last; y++)
        {
            __global const float *line = input + ((size_t)image * in_height + stride * y + r - padding) * in_width * in_channels + i;
            __global const float *outer = gradient + ((size_t)image * out_height + y) * out_width * out_channels + o;
            for (int x = 0; x < out_width; x++)
            {
                int from = stride * x + c - padding;
                float value = from >= 0 && from < in_width ? line[(size_t)from * in_channels] : 0.0f;
                chain = fma(value, outer[(size_t)x * out_channels], chain);
            }
        }
        sum += chain;
    }
    tables[item] = sum;
}

// One image's sums of the gradient over positions: four chains (column modulo 4).
__kernel void bias_gradient(__global const float *gradient, __global float *tables, int count, int height, int width, int channels)
{
    int item = (int)get_global_id(0);
    if (item >= count)
        return;
    int c = item % channels, image = item / channels;
    float chains[4] = { 0.0f, 0.0f, 0.0f, 0.0f };
    __global const float *from = gradient + (size_t)image * height * width * channels + c;
    for (int y = 0; y < height; y++)
    {
        for (int x = 0; x < width; x++, from += channels)
            chains[x & 3] += *from;
    }
    tables[item] = 0.0f + ((chains[0] + chains[1]) + (chains[2] + chains[3]));
}

// Tables of images (or chunks, where they are together) to the gradient of weights: the images of a chunk in order, the chunks in the tree.
__kernel void reduce_tables(__global const float *tables, __global float *gradients, int first_weight, int count, int tables_count,
    int chunk, int in_channels, int real_channels, int out_channels, int size, int stride)
{
    int item = (int)get_global_id(0);
    if (item >= count)
        return;
    tables += (size_t)get_global_id(1) * tables_count * count;
    gradients += (size_t)get_global_id(1) * stride;
    int o = item % out_channels, c = item / out_channels % size, i = item / out_channels / size % in_channels;
    int r = item / out_channels / size / in_channels;
    if (i >= real_channels)
        return;
    float levels[LEVELS];
    uint groups = 0;
    for (int first = 0; first < tables_count; first += chunk, groups++)
    {
        // A table of a whole chunk is taken as it is: 0 + -0 would not be.
        float sum = chunk == 1 ? tables[(size_t)first * count + item] : 0.0f;
        for (int table = first; chunk > 1 && table < min(tables_count, first + chunk); table++)
            sum += tables[(size_t)table * count + item];
        tree_add(levels, groups, sum);
    }
    gradients[first_weight + ((o * real_channels + i) * size + r) * size + c] = tree_end(levels, groups);
}
