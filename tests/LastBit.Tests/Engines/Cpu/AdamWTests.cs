using LastBit.Arithmetic;
using LastBit.Engines;
using LastBit.Engines.Cpu;
using LastBit.Files;
using LastBit.Models;

namespace LastBit.Tests.Engines.Cpu;

/// <summary>AdamW beside PyTorch's, and its bits: no width of vectors, no chunk and no power of two as k changes them.</summary>
public class AdamWTests
{
    private const int Steps = 7, Numbers = 1003;

    [Fact]
    public void Weights_and_moments_are_as_near_to_exact_ones_as_those_of_PyTorch()
    {
        var reference = Npz.Read(Reference.File("adamw.npz"));
        var (weights, state) = Run(1, (kernel, state, gradients) => kernel(state, gradients, 0, Numbers));
        using (state)
        {
            for (int step = 0; step < Steps; step++)
                Compare(weights[step], Row("w", step), Row("w64", step));
            Compare(state.Vector(0).ToArray(), reference["m"].ToDoubles(), reference["m64"].ToDoubles());
            Compare(state.Vector(1).ToArray(), reference["v"].ToDoubles(), reference["v64"].ToDoubles());
        }

        double[] Row(string name, int step) => reference[name].ToDoubles().AsSpan(step * Numbers, Numbers).ToArray();
    }

    [Fact]
    public void One_weight_at_a_time_gives_the_bits_of_whole_vectors()
    {
        var (whole, state) = Run(3, (kernel, state, gradients) => kernel(state, gradients, 0, Numbers));
        var (single, other) = Run(3, (kernel, state, gradients) =>
        {
            for (int i = 0; i < Numbers; i++)
                kernel(state, gradients, i, 1);
        });
        for (int step = 0; step < Steps; step++)
            Assert.Equal(whole[step].Select(BitConverter.SingleToInt32Bits), single[step].Select(BitConverter.SingleToInt32Bits));
        state.Dispose();
        other.Dispose();
    }

    [Fact]
    public void Powers_of_two_change_nothing_and_other_k_change_roundings_only()
    {
        float[] plain = Last(1);
        Assert.Equal(plain, Last(4));
        float[] perturbed = Last(3);
        Assert.NotEqual(plain, perturbed);
        for (int i = 0; i < Numbers; i++)
            Assert.InRange(Math.Abs(plain[i] - perturbed[i]), 0, 1e-6 * Math.Max(1, Math.Abs(plain[i])));

        static float[] Last(double k)
        {
            var (weights, state) = Run(k, (kernel, state, gradients) => kernel(state, gradients, 0, Numbers));
            state.Dispose();
            return weights[^1];
        }
    }

    [Fact]
    public void Powers_of_the_betas_are_right_to_their_last_bits()
    {
        foreach (double beta in new[] { 0.9, 0.999 })
        {
            foreach (long exponent in new long[] { 0, 1, 2, 3, 100, 78_200 })
                Assert.Equal(Math.Pow(beta, exponent), WholePower.Of(beta, exponent), Math.Pow(beta, exponent) * 1e-11);
        }
    }

    private delegate void Kernel(NetworkState state, float[] gradients, int from, int count);

    private static unsafe (float[][] Weights, NetworkState State) Run(double k, Action<Kernel, NetworkState, float[]> update)
    {
        var reference = Npz.Read(Reference.File("adamw.npz"));
        var layout = new ParameterLayout();
        layout.Add("layer", new ParameterDefinition("weight", [Numbers], new Initialisation.Constant(0)));
        var state = new NetworkState(layout, new AdamW().Vectors);
        reference["w0"].Get<float>().CopyTo(state.Parameters);
        var kernel = CpuUpdate.Of(new AdamW(WeightDecay: 0.1));
        float[] all = reference["gradients"].Get<float>();
        float[][] weights = new float[Steps][];
        for (int step = 0; step < Steps; step++)
        {
            kernel.Begin(new UpdateStep(0.01, step, k));
            update((to, gradients, from, count) =>
            {
                fixed (float* pointer = gradients)
                    kernel.Update(to, pointer, from, count);
            }, state, all.AsSpan(step * Numbers, Numbers).ToArray());
            weights[step] = state.Parameters.ToArray();
        }
        return (weights, state);
    }

    /// <summary>
    /// Each number is off from the exact one by at most twice what PyTorch's worst of a like size is, or by two roundings.
    /// </summary>
    private static void Compare(float[] ours, double[] theirs, double[] exact)
    {
        double worst = Enumerable.Range(0, exact.Length).Max(i => Relative(theirs[i], exact[i]));
        for (int i = 0; i < exact.Length; i++)
            Assert.InRange(Relative(ours[i], exact[i]), 0, (2 * worst) + 2.4e-7);

        static double Relative(double value, double exact) => Math.Abs(value - exact) / Math.Max(Math.Abs(exact), 1e-37);
    }
}
