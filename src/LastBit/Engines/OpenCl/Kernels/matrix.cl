// Products of matrices, of which fully connected layers and convolutions of few pixels are made. A group of 256 items computes 64 x 64
// numbers, an item 4 x 4 of them, 16 apart. The rows of several replicas follow one another; each has its own parameters, stride apart.
#define SIDE 64
#define DEPTH 16
#define CHAIN 128

// result[row, column] = initial[column] + sum over terms of x[row, term] weights[column * column_step + term * term_step]: chains of 128
// terms, the first from the initial number, added in order.
__kernel __attribute__((reqd_work_group_size(16, 16, 1)))
void multiply(__global const float *x, int x_row, __global const float *parameters, int first_weight, int column_step, int term_step,
    int initial, __global float *result, int result_row, int rows, int columns, int terms, int stride)
{
    __local float left[DEPTH][SIDE + 1], right[DEPTH][SIDE + 1];
    int lx = (int)get_local_id(0), ly = (int)get_local_id(1), item = ly * 16 + lx;
    int column0 = (int)get_group_id(0) * SIDE, row0 = (int)get_group_id(1) * SIDE;
    float chains[4][4], sums[4][4];
    x += get_group_id(2) * rows * x_row;
    parameters += get_group_id(2) * stride;
    result += get_group_id(2) * rows * result_row;
    for (int term0 = 0; term0 < terms; term0 += DEPTH)
    {
        if (term0 % CHAIN == 0)
        {
            for (int a = 0; a < 4; a++)
            {
                for (int b = 0; b < 4; b++)
                {
                    int column = column0 + lx + 16 * b;
                    if (term0 > 0)
                        sums[a][b] = term0 > CHAIN ? sums[a][b] + chains[a][b] : chains[a][b];
                    chains[a][b] = term0 == 0 && initial >= 0 && column < columns ? parameters[initial + column] : 0.0f;
                }
            }
        }
        int depth = min(DEPTH, terms - term0);
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int k = item; k < SIDE * DEPTH; k += 256)
        {
            int t = k % DEPTH, row = row0 + k / DEPTH;
            left[t][k / DEPTH] = t < depth && row < rows ? x[(size_t)row * x_row + term0 + t] : 0.0f;
            int u = term_step == 1 ? k % DEPTH : k / SIDE, column = term_step == 1 ? k / DEPTH : k % SIDE;
            right[u][column] = u < depth && column0 + column < columns
                ? parameters[first_weight + (size_t)(column0 + column) * column_step + (size_t)(term0 + u) * term_step] : 0.0f;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int t = 0; t < depth; t++)
        {
            for (int a = 0; a < 4; a++)
            {
                float value = left[t][ly + 16 * a];
                for (int b = 0; b < 4; b++)
                    chains[a][b] = fma(value, right[t][lx + 16 * b], chains[a][b]);
            }
        }
    }
    for (int a = 0; a < 4; a++)
    {
        for (int b = 0; b < 4; b++)
        {
            int row = row0 + ly + 16 * a, column = column0 + lx + 16 * b;
            if (row < rows && column < columns)
                result[(size_t)row * result_row + column] = terms > CHAIN ? sums[a][b] + chains[a][b] : chains[a][b];
        }
    }
}

// gradient[output, input] = sum over rows of outer[row, output] x[row, input]: chains of 64 rows, added in the tree.
__kernel __attribute__((reqd_work_group_size(16, 16, 1)))
void matrix_gradient(__global const float *outer, int outer_row, __global const float *x, int x_row, __global float *gradients,
    int first_weight, int rows, int outputs, int inputs, int stride)
{
    __local float left[DEPTH][SIDE + 1], right[DEPTH][SIDE + 1];
    int lx = (int)get_local_id(0), ly = (int)get_local_id(1), item = ly * 16 + lx;
    int input0 = (int)get_group_id(0) * SIDE, output0 = (int)get_group_id(1) * SIDE;
    float chains[4][4], levels[16][LEVELS];
    outer += get_group_id(2) * rows * outer_row;
    x += get_group_id(2) * rows * x_row;
    gradients += get_group_id(2) * stride;
    uint groups = 0;
    for (int row0 = 0; row0 < rows; row0 += SIDE, groups++)
    {
        for (int a = 0; a < 4; a++)
            for (int b = 0; b < 4; b++)
                chains[a][b] = 0.0f;
        for (int first = row0; first < min(rows, row0 + SIDE); first += DEPTH)
        {
            int depth = min(DEPTH, rows - first);
            barrier(CLK_LOCAL_MEM_FENCE);
            for (int k = item; k < SIDE * DEPTH; k += 256)
            {
                int t = k / SIDE, at = k % SIDE;
                left[t][at] = t < depth && output0 + at < outputs ? outer[(size_t)(first + t) * outer_row + output0 + at] : 0.0f;
                right[t][at] = t < depth && input0 + at < inputs ? x[(size_t)(first + t) * x_row + input0 + at] : 0.0f;
            }
            barrier(CLK_LOCAL_MEM_FENCE);
            for (int t = 0; t < depth; t++)
            {
                for (int a = 0; a < 4; a++)
                {
                    float value = left[t][ly + 16 * a];
                    for (int b = 0; b < 4; b++)
                        chains[a][b] = fma(value, right[t][lx + 16 * b], chains[a][b]);
                }
            }
        }
        for (int a = 0; a < 4; a++)
            for (int b = 0; b < 4; b++)
                tree_add(levels[a * 4 + b], groups, chains[a][b]);
    }
    for (int a = 0; a < 4; a++)
    {
        for (int b = 0; b < 4; b++)
        {
            int output = output0 + ly + 16 * a, input = input0 + lx + 16 * b;
            if (output < outputs && input < inputs)
                gradients[first_weight + (size_t)output * inputs + input] = tree_end(levels[a * 4 + b], groups);
        }
    }
}

// The gradient of the bias: chains of 8 rows, added in the tree.
__kernel void column_sums(__global const float *outer, int outer_row, __global float *gradients, int bias, int rows, int outputs,
    int stride)
{
    int column = (int)get_global_id(0);
    if (column >= outputs)
        return;
    outer += get_global_id(1) * rows * outer_row;
    gradients += get_global_id(1) * stride;
    float levels[LEVELS];
    uint groups = 0;
    for (int first = 0; first < rows; first += 8, groups++)
    {
        float sum = 0.0f;
        for (int row = first; row < min(rows, first + 8); row++)
            sum += outer[(size_t)row * outer_row + column];
        tree_add(levels, groups, sum);
    }
    gradients[bias + column] = tree_end(levels, groups);
}

// From positions x stored channels to a row, channel by channel, as PyTorch flattens an image; and back.
__kernel void flatten(__global const float *x, __global float *rows, int count, int positions, int channels, int stored)
{
    int item = (int)get_global_id(0);
    if (item >= count)
        return;
    int p = item % positions, c = item / positions % channels, image = item / positions / channels;
    rows[item] = x[((size_t)image * positions + p) * stored + c];
}

__kernel void unflatten(__global const float *rows, __global float *x, int count, int positions, int channels, int stored)
{
    int item = (int)get_global_id(0);
    if (item >= count)
        return;
    int c = item % stored, p = item / stored % positions, image = item / stored / positions;
    x[item] = c < channels ? rows[((size_t)image * channels + c) * positions + p] : 0.0f;
}

// What a kernel sees at each position, a row a position: channel by channel, tap by tap; and the gradient of an image from those rows,
// which a pixel takes position by position.
__kernel void take_patches(__global const float *x, __global float *rows, int count, int height, int width, int channels, int stored,
    int size)
{
    int item = (int)get_global_id(0);
    if (item >= count)
        return;
    int taps = size * size, tap = item % taps, c = item / taps % channels, p = item / taps / channels % (height * width);
    int image = item / taps / channels / (height * width), y = p / width + tap / size - size / 2, at = p % width + tap % size - size / 2;
    bool inside = y >= 0 && y < height && at >= 0 && at < width;
    rows[item] = inside ? x[(((size_t)image * height + y) * width + at) * stored + c] : 0.0f;
}

__kernel void return_patches(__global const float *rows, __global float *x, int count, int height, int width, int channels, int stored,
    int size)
{
    int item = (int)get_global_id(0);
    if (item >= count)
        return;
    int c = item % stored, at = item / stored % width, y = item / stored / width % height, image = item / stored / width / height;
    int taps = size * size;
    float sum = 0.0f;
    for (int p = 0; c < channels && p < height * width; p++)
    {
        int ky = y - p / width + size / 2, kx = at - p % width + size / 2;
        if (ky >= 0 && ky < size && kx >= 0 && kx < size)
            sum += rows[(((size_t)image * height * width + p) * channels + c) * taps + ky * size + kx];
    }
    x[item] = sum;
}
