// 3x3 convolutions with stride 1 by Winograd's algorithm, in the orders of the CPU's Winograd2x2 and Winograd4x4.

// The kernels at the 16 points, G g G': transformed[point][in][out].
__kernel void winograd_weights(__global const float *packed, int first, __global float *transformed, int first_transformed, int count,
    int in_channels, int out_channels, int packed_stride, int transformed_stride)
{
    int item = (int)get_global_id(0);
    if (item >= count)
        return;
    packed += (size_t)get_global_id(1) * packed_stride;
    transformed += (size_t)get_global_id(1) * transformed_stride;
    int o = item % out_channels, i = item / out_channels, plane = in_channels * out_channels;
    __global const float *from = packed + first + (size_t)i * 3 * out_channels + o;
    for (int r = 0; r < 4; r++)
    {
        float g[3];
        for (int c = 0; c < 3; c++)
        {
            float top = from[c * out_channels], middle = from[3 * plane + c * out_channels], bottom = from[6 * plane + c * out_channels];
            float sum = top + bottom;
            g[c] = r == 0 ? top : r == 3 ? bottom : 0.5f * (r == 1 ? sum + middle : sum - middle);
        }
        float sum = g[0] + g[2];
        __global float *to = transformed + first_transformed + (size_t)4 * r * plane + item;
        to[0] = g[0];
        to[plane] = 0.5f * (sum + g[1]);
        to[2 * plane] = 0.5f * (sum - g[1]);
        to[3 * plane] = g[2];
    }
}

float pixel(__global const float *image, int y, int x, int c, int height, int width, int channels)
{
    return y >= 0 && y < height && x >= 0 && x < width ? image[((size_t)y * width + x) * channels + c] : 0.0f;
}

// A group of 64 items computes 16 tiles of 2 x 2 outputs by 16 channels, an item one tile by 4 channels; one line of points after the
// other. A point is a sum of chains of 16 input channels.
__kernel __attribute__((reqd_work_group_size(64, 1, 1)))
void winograd(__global const float *input, __global const float *transformed, int first, __global const float *parameters, int bias,
    __global float *output, int height, int width, int in_channels, int out_channels, int images, int stride, int transformed_stride)
{
    __local float values[4][16][17];
    __local float4 w[4][16][4];
    int item = (int)get_local_id(0), four = item & 3, place = item >> 2, across = width / 2, tiles = across * (height / 2);
    int tile0 = (int)get_group_id(0) * 16, from = (int)get_group_id(1) * 16, tile = tile0 + place;
    __global const float *image = input + (size_t)get_group_id(2) * height * width * in_channels;
    size_t plane = (size_t)in_channels * out_channels, replica = (size_t)((int)get_group_id(2) / images);
    transformed += replica * transformed_stride;
    parameters += replica * stride;
    float4 upper0 = (float4)(0.0f), upper1 = upper0, lower0 = upper0, lower1 = upper0;
    for (int line = 0; line < 4; line++)
    {
        float4 s0 = (float4)(0.0f), s1 = s0, s2 = s0, s3 = s0;
        for (int base = 0; base < in_channels; base += 16)
        {
            barrier(CLK_LOCAL_MEM_FENCE);
            for (int k = item; k < 256; k += 64)
            {
                int c = k & 15, t = tile0 + (k >> 4), y = t / across * 2, x = t % across * 2 - 1;
                int one = line == 0 ? y - 1 : line == 2 ? y + 1 : y, other = line == 2 ? y : line == 3 ? y + 2 : y + 1;
                float d[4];
                for (int i = 0; i < 4; i++)
                {
                    float a = t < tiles ? pixel(image, one, x + i, base + c, height, width, in_channels) : 0.0f;
                    float b = t < tiles ? pixel(image, other, x + i, base + c, height, width, in_channels) : 0.0f;
                    d[i] = line == 1 ? a + b : a - b;
                }
                values[0][c][k >> 4] = d[0] - d[2];
                values[1][c][k >> 4] = d[1] + d[2];
                values[2][c][k >> 4] = d[2] - d[1];
                values[3][c][k >> 4] = d[1] - d[3];
            }
            for (int k = item; k < 256; k += 64)
            {
                int point = k >> 6, c = k >> 2 & 15;
                w[point][c][k & 3] = vload4(0, transformed + first + (4 * line + point) * plane
                    + (size_t)(base + c) * out_channels + from + (k & 3) * 4);
            }
            barrier(CLK_LOCAL_MEM_FENCE);
            float4 a0 = (float4)(0.0f), a1 = a0, a2 = a0, a3 = a0;
            for (int c = 0; c < 16; c++)
            {
                a0 = fma4(values[0][c][place], w[0][c][four], a0);
                a1 = fma4(values[1][c][place], w[1][c][four], a1);
                a2 = fma4(values[2][c][place], w[2][c][four], a2);
                a3 = fma4(values[3][c][place], w[3][c][four], a3);
            }
            s0 = base > 0 ? s0 + a0 : a0;
            s1 = base > 0 ? s1 + a1 : a1;
            s2 = base > 0 ? s2 + a2 : a2;
            s3 = base > 0 ? s3 + a3 : a3;
        }
        float4 left = (s0 + s1) + s2, right = (s1 - s2) - s3;
        upper0 = line == 0 ? left : line < 3 ? upper0 + left : upper0;
        upper1 = line == 0 ? right : line < 3 ? upper1 + right : upper1;
        lower0 = line == 1 ? left : line > 1 ? lower0 - left : lower0;
        lower1 = line == 1 ? right : line > 1 ? lower1 - right : lower1;
    }
    if (tile >= tiles)
        return;
    int o = from + four * 4;
    if (bias >= 0)
    {
        float4 added = vload4(0, parameters + bias + o);
        upper0 += added;
        upper1 += added;
        lower0 += added;
        lower1 += added;
    }
    int y = tile / across * 2, x = tile % across * 2;
    __global float *to = output + (((size_t)get_group_id(2) * height + y) * width + x) * out_channels + o;
    vstore4(upper0, 0, to);
    vstore4(upper1, 0, to + out_channels);
    vstore4(lower0, 0, to + (size_t)width * out_channels);
    vstore4(lower1, 0, to + (size_t)(width + 1) * out_channels);
}

// The weight gradient by tiles of 4 x 4 outputs, points 0, 1, -1, 1/2, -2 and infinity.
void points6(const float *d, int step, float *to, int next)
{
    float d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step], d5 = d[5 * step];
    float p = d3 - d1, q = d4 - d2;
    to[0] = fma(1.5f, p, fma(-2.0f, d2, d0 + d4));
    to[next] = fma(2.5f, d3, fma(0.5f, d2, d4 - d1));
    to[2 * next] = fma(-2.5f, d2, fma(0.5f, d3, d1 + d4));
    to[3 * next] = fma(2.0f, p, q);
    to[4 * next] = fma(-0.5f, p, q);
    to[5 * next] = fma(1.5f, q, fma(-2.0f, d3, d1 + d5));
}

void points4(const float *y, int step, float *to, int next)
{
    float y0 = y[0], y1 = y[step], y2 = y[2 * step], y3 = y[3 * step], even = y0 + y2, odd = y1 + y3;
    to[0] = y0;
    to[next] = even + odd;
    to[2 * next] = even - odd;
    to[3 * next] = fma(0.5f, fma(0.5f, fma(0.5f, y3, y2), y1), y0);
    to[4 * next] = fma(-2.0f, fma(-2.0f, fma(-2.0f, y3, y2), y1), y0);
    to[5 * next] = y3;
}

// values[point][tile][channel] of all tiles of a batch, images outside; of an input, or of a gradient.
__kernel void winograd_tiles(__global const float *x, __global float *values, int count, int height, int width, int channels, int gradient)
{
    int item = (int)get_global_id(0);
    if (item >= count)
        return;
    int c = item % channels, tile = item / channels, across = width / 4, at = tile % across * 4, y = tile / across % (height / 4) * 4;
    __global const float *image = x + (size_t)(tile / across / (height / 4)) * height * width * channels;
    int side = gradient ? 4 : 6, border = gradient ? 0 : 1;
    float d[36], t[36], points[36];
    for (int i = 0; i < side * side; i++)
        d[i] = pixel(image, y + i / side - border, at + i % side - border, c, height, width, channels);
    for (int i = 0; i < side; i++)
    {
        if (gradient)
            points4(d + i, side, t + i, side);
        else
            points6(d + i, side, t + i, side);
    }
    for (int i = 0; i < 6; i++)
    {
        if (gradient)
            points4(t + i * side, 1, points + 6 * i, 1);
        else
            points6(t + i * side, 1, points + 6 * i, 1);
    }
    for (int point = 0; point < 36; point++)
        values[(size_t)point * count + item] = points[point];
}

// sums[chunk][point][in][out]: one chain over the tiles of a chunk. A group of 64 items computes 16 x 16 sums.
__kernel __attribute__((reqd_work_group_size(64, 1, 1)))
void winograd_products(__global const float *left, __global const float *right, __global float *sums, int tiles, int chunk_tiles,
    int chunks, int replicas, int in_channels, int out_channels)
{
    __local float x[16][17];
    __local float4 g[16][4];
    int item = (int)get_local_id(0), four = item & 3, place = item >> 2, blocks = in_channels / 16, block = (int)get_group_id(0);
    int i0 = block % blocks * 16, o0 = block / blocks * 16, point = (int)get_group_id(1), chunk = (int)get_group_id(2);
    size_t row = ((size_t)point * replicas + chunk / chunks) * tiles;
    __global const float *values = left + row * in_channels, *gradients = right + row * out_channels;
    int begin = chunk % chunks * chunk_tiles, end = min(tiles, begin + chunk_tiles);
    float4 sum = (float4)(0.0f);
    for (int first = begin; first < end; first += 16)
    {
        int count = min(16, end - first);
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int k = item; k < count * 16; k += 64)
            x[k >> 4][k & 15] = values[(size_t)(first + (k >> 4)) * in_channels + i0 + (k & 15)];
        if (place < count)
            g[place][four] = vload4(0, gradients + (size_t)(first + place) * out_channels + o0 + four * 4);
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int k = 0; k < count; k++)
            sum = fma4(x[k][place], g[k][four], sum);
    }
    vstore4(sum, 0, sums + (((size_t)chunk * 36 + point) * in_channels + i0 + place) * out_channels + o0 + four * 4);
}

// 1, x and x^2 at each point, divided by the product of its distances from the others.
void kernel3(const float *s, int step, float *to, int next)
{
    float s0 = s[0], s1 = s[step], s2 = s[2 * step], s3 = s[3 * step], s4 = s[4 * step], s5 = s[5 * step];
    float third = as_float(0x3EAAAAABu), fifteenth = as_float(0x3D888889u), difference = s1 - s2, sum = s1 + s2;
    to[0] = fma(third, difference, fma(fifteenth, fma(-16.0f, s3, s4), s0));
    to[next] = fma(third, sum, as_float(0xBE088889u) * fma(4.0f, s3, s4));
    to[2 * next] = fma(third, difference, fma(as_float(0x3E888889u), s4 - s3, s5));
}

// G' s G: a table of weights a chunk.
__kernel void winograd_gradient(__global const float *sums, __global float *tables, int count, int in_channels, int out_channels)
{
    int item = (int)get_global_id(0);
    if (item >= count)
        return;
    int plane = in_channels * out_channels, place = item % plane, i = place / out_channels, o = place % out_channels;
    __global const float *from = sums + (size_t)(item / plane) * 36 * plane + place;
    float s[36], t[18], w[9];
    for (int point = 0; point < 36; point++)
        s[point] = from[(size_t)point * plane];
    for (int c = 0; c < 6; c++)
        kernel3(s + c, 6, t + c, 6);
    for (int r = 0; r < 3; r++)
        kernel3(t + 6 * r, 1, w + 3 * r, 1);
    __global float *to = tables + (size_t)(item / plane) * 9 * plane + o;
    for (int k = 0; k < 9; k++)
        to[((size_t)(k / 3 * in_channels + i) * 3 + k % 3) * out_channels] = w[k];
}
