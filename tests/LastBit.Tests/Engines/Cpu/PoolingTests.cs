using LastBit.Engines.Cpu.Kernels;

namespace LastBit.Tests.Engines.Cpu;

/// <summary>Where pooling of the largest number sends its gradient, and what becomes of numbers that are none.</summary>
public unsafe class PoolingTests
{
    [Theory]
    [InlineData(1f, 1f, 1f, 1f, 0)]
    [InlineData(0f, 2f, 2f, 1f, 1)]
    [InlineData(0f, -1f, 3f, 3f, 2)]
    [InlineData(-4f, -3f, -2f, -1f, 3)]
    [InlineData(0f, -0f, 0f, -1f, 0)]
    public void The_first_of_equal_ones_takes_the_gradient(float a, float b, float c, float d, int place)
    {
        foreach (int channels in (int[])[16, 8, 4, 1])
        {
            float[] input = Each(channels, [a, b, c, d]), gradient = Each(channels, [5]), output = new float[channels], back =
                new float[4 * channels], chosen = new float[channels];
            float[] values = Each(channels, [1, 2, 3, 4]);
            fixed (float* x = input, y = output, g = gradient, dx = back, v = values, w = chosen)
            {
                Pooling.Max(x, y, 2, 2, channels);
                Pooling.MaxBack(x, g, dx, 2, 2, channels);
                Pooling.Select(x, v, w, 2, 2, channels);
            }
            Assert.Equal(Each(channels, [((float[])[a, b, c, d])[place]]), output);
            Assert.Equal(Each(channels, [.. Enumerable.Range(0, 4).Select(i => i == place ? 5f : 0f)]), back);
            Assert.Equal(Each(channels, [place + 1]), chosen);
        }
    }

    [Fact]
    public void A_number_that_is_none_is_not_passed_over()
    {
        for (int place = 0; place < 4; place++)
        {
            float[] input = Each(16, [.. Enumerable.Range(0, 4).Select(i => i == place ? float.NaN : 1f)]), output = new float[16];
            fixed (float* x = input, y = output)
                Pooling.Max(x, y, 2, 2, 16);
            Assert.All(output, value => Assert.True(float.IsNaN(value)));
        }
    }

    private static float[] Each(int channels, float[] values) => [.. values.SelectMany(value => Enumerable.Repeat(value, channels))];
}
