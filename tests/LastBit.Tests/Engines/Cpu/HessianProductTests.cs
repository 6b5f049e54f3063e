using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using LastBit.Engines;
using LastBit.Engines.Cpu;
using LastBit.Engines.Reference;
using LastBit.Models;

namespace LastBit.Tests.Engines.Cpu;

/// <summary>
/// Products with the Hessian: each kind of layer, alone in a small network, beside central differences of the gradients of
/// <see cref="ReferenceEngine"/>.
/// </summary>
public class HessianProductTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(3, 1)]
    [InlineData(1, 1)]
    [InlineData(5, 1)]
    [InlineData(3, 2)]
    [InlineData(1, 2)]
    public void Convolution(int size, int stride) =>
        Check(b => b.Convolution("conv", b.Convolution("stem", b.Images, 16, 3), 32, size, stride));

    [Theory]
    [InlineData(1, Activation.None)]
    [InlineData(8, Activation.Relu)]
    [InlineData(16, Activation.Swish)]
    public void Group_normalisation(int groups, Activation activation) => Check(b => SmallNetworks.GroupNormalised(b, groups, activation));

    [Theory]
    [InlineData(Activation.None)]
    [InlineData(Activation.Relu)]
    [InlineData(Activation.Swish)]
    public void Normalisation_and_activation(Activation activation) => Check(b => SmallNetworks.NormalisedAndActivated(b, activation));

    [Theory]
    [InlineData(Activation.None)]
    [InlineData(Activation.Relu)]
    [InlineData(Activation.Swish)]
    public void Activation_without_normalisation(Activation activation) => Check(b => SmallNetworks.Activated(b, activation));

    [Fact]
    public void Activation_of_the_images() => Check(b => b.Convolution("conv", b.Activate(b.Images, Activation.Swish), 16, 3));

    [Theory]
    [InlineData(false, false, Activation.None)]
    [InlineData(false, false, Activation.Swish)]
    [InlineData(true, false, Activation.Swish)]
    [InlineData(true, true, Activation.None)]
    [InlineData(true, true, Activation.Swish)]
    [InlineData(false, true, Activation.Swish)]
    public void Addition(bool normaliseLeft, bool normaliseRight, Activation right) =>
        Check(b => SmallNetworks.Added(b, normaliseLeft, normaliseRight, right));

    [Fact]
    public void Addition_whose_operand_nobody_else_reads() => Check(SmallNetworks.AddedAndReadByNobodyElse);

    [Theory]
    [InlineData(Activation.Relu, false)]
    [InlineData(Activation.Swish, true)]
    public void A_tensor_read_both_as_it_is_and_activated(Activation activation, bool normalised) =>
        Check(b => SmallNetworks.ReadAsItIsAndActivated(b, activation, normalised));

    [Theory]
    [InlineData("resnet8", Activation.Relu)]
    [InlineData("resnet8", Activation.Swish)]
    [InlineData("preresnet8", Activation.Swish)]
    [InlineData("resnet8-nobn", Activation.Swish)]
    [InlineData("preresnet11-bottleneck", Activation.Relu)]
    public void Whole_networks(string name, Activation activation) =>
        Check((NetworkSettings.Parse(name, activation) with { Images = new TensorShape(16, 16, 3) }).Build(), 2);

    [Theory]
    [InlineData("fc-tanh", Loss.CrossEntropy)]
    [InlineData("fc-tanh", Loss.SquaredError)]
    [InlineData("fc-relu", Loss.CrossEntropy)]
    [InlineData("fc-elu", Loss.SquaredError)]
    [InlineData("fc-softplus", Loss.CrossEntropy)]
    public void Fully_connected_networks(string name, Loss loss) =>
        Check((NetworkSettings.Parse(name, Activation.None) with { Images = new TensorShape(7, 7, 3), Loss = loss }).Build(), 11);

    [Fact]
    public void A_large_linear_layer_behind_convolutions()
    {
        var b = new ModelBuilder(new TensorShape(8, 8, 3));
        b.Connect("fc", b.Activate(b.Convolution("conv", b.Images, 16, 3), Activation.Swish), 10);
        Check(b.Build("flat"), 9);
    }

    [Fact]
    public void A_custom_layer_with_tangents()
    {
        Check(b => b.Activate(b.Convolution("conv", b.Append(new SquaredScale("scale"), b.Images), 16, 3), Activation.Swish));
        Check(b => b.Activate(b.Normalize("bn", b.Append(new SquaredScale("scale"), b.Convolution("conv", b.Images, 16, 3))),
            Activation.Swish));
        // 10 channels, which are stored as 16.
        var b = new ModelBuilder(new TensorShape(8, 8, 3));
        Node x = b.Connect("fc1", b.Activate(b.Convolution("conv", b.Images, 16, 3, 2), Activation.Swish), 10);
        b.Connect("fc2", b.Append(new SquaredScale("scale"), x), 3);
        Check(b.Build("behind"), 5);
    }

    [Fact]
    public void A_custom_layer_without_tangents_is_refused_before_anything_is_made()
    {
        var model = SmallNetworks.Build(b =>
            b.Append(new SquaredScale("scale") { IsPlain = true }, b.Convolution("conv", b.Images, 16, 3)));
        using var engines = new CpuEngineFactory(1);
        Assert.Null(engines.WhyNot(model));
        Assert.StartsWith("test: scale: products with the Hessian need", engines.WhyNot(model, hessian: true), StringComparison.Ordinal);
        Assert.Equal(engines.WhyNot(model, hessian: true), Assert.Throws<InputException>(() => engines.CreateHessian(model, 2)).Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_product_is_symmetric_and_linear(uint seed)
    {
        var problem = RandomProblem.Of(Mixed(), 3);
        using var team = new WorkerTeam(2);
        using var hessian = problem.Hessian(2, team);
        double[] u = problem.Direction(2 * seed), v = problem.Direction((2 * seed) + 1), hu = hessian.Multiply(u), hv = hessian.Multiply(v);
        double scale = Math.Sqrt(Dot(u, u) * Dot(hv, hv));
        Assert.Equal(Dot(u, hv) / scale, Dot(v, hu) / scale, 3e-6);
        double[] combined = hessian.Multiply([.. u.Zip(v, (a, b) => (3 * a) - (0.7 * b))]);
        double[] difference = [.. combined.Select((value, i) => value - (3 * hu[i]) + (0.7 * hv[i]))];
        Assert.InRange(Math.Sqrt(Dot(difference, difference) / Dot(combined, combined)), 0, 1e-5);
        Assert.Equal(Dot(u, hu) / Dot(u, u), hessian.Curvature(u), 1e-12 * Math.Abs(Dot(u, hu)));
    }

    [Fact]
    public void A_power_of_two_or_a_sign_comes_out_as_it_went_in()
    {
        var problem = RandomProblem.Of(Mixed(), 3);
        using var team = new WorkerTeam(2);
        using var hessian = problem.Hessian(3, team);
        double[] v = problem.Direction(0), product = hessian.Multiply(v);
        double huge = Math.ScaleB(1, 300), tiny = Math.ScaleB(1, -300);
        Assert.Equal(product, hessian.Multiply([.. v.Select(value => huge * value)]).Select(value => tiny * value));
        Assert.Equal(product, hessian.Multiply([.. v.Select(value => -value)]).Select(value => -value));
        Assert.All(hessian.Multiply(new double[v.Length]), value => Assert.Equal(0, value));
    }

    [Fact]
    public void Without_normalisation_chunks_make_no_difference_but_rounding()
    {
        var model = (NetworkSettings.Parse("resnet8-nobn", Activation.Swish) with { Images = new TensorShape(16, 16, 3) }).Build();
        var problem = RandomProblem.Of(model, 5);
        using var team = new WorkerTeam(2);
        using var whole = problem.Hessian(5, team);
        using var chunks = problem.Hessian(2, team);
        double[] v = problem.Direction(0), one = whole.Multiply(v), other = chunks.Multiply(v);
        double[] difference = [.. one.Zip(other, (a, b) => a - b)];
        Assert.InRange(Math.Sqrt(Dot(difference, difference) / Dot(one, one)), 0, 1e-5);
        Assert.Equal(whole.Loss, chunks.Loss, 1e-6);
    }

    [Fact]
    public void With_normalisation_the_loss_is_that_of_the_chunks()
    {
        var problem = RandomProblem.Of(Mixed(), 3);
        using var team = new WorkerTeam(2);
        using var chunks = problem.Hessian(2, team);
        double[] v = problem.Direction(0), product = chunks.Multiply(v), sum = new double[v.Length];
        foreach (var (from, count) in new[] { (0, 2), (2, 1) })
        {
            using var alone = problem.Hessian(count, team, from, count);
            double[] part = alone.Multiply(v);
            for (int i = 0; i < sum.Length; i++)
                sum[i] += count / 3.0 * part[i];
        }
        Assert.All(sum.Zip(product), pair => Assert.Equal(pair.First, pair.Second, 1e-12));
    }

    private const string Digest = "bb71febc814562fcb37b8de1a9f2c8f32a7fe61c74ebea80b6aeff16ecde3910";
    private const string WinogradDigest = "443acf51739f05e9a7a391a576d5caea12d4e5cff085b9579c1f801950178133";
    private const string ConnectedDigest = "bf0c043a9b51b18297eb81e7f532863a8591132fb4d93c01ba9c020a0818ed3c";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    public void The_digest_is_the_same_for_every_number_of_threads(int threads)
    {
        Assert.Equal(Digest, DigestOfProduct($"mixed {threads}"));
        Assert.Equal(WinogradDigest, DigestOfProduct($"winograd {threads}"));
        Assert.Equal(ConnectedDigest, DigestOfProduct($"connected {threads}"));
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        var model = Mixed();
        var problem = RandomProblem.Of(model, 1);
        using var team = new WorkerTeam(1);
        using var hessian = new HessianProduct(model, 2, team);
        double[] v = problem.Direction(0);
        Assert.Throws<InvalidOperationException>(() => hessian.Multiply(v));
        Assert.Throws<ArgumentException>(() => hessian.Use(problem.Images, new int[] { 0, 1 }));
        Assert.Throws<ArgumentException>(() => hessian.Use(problem.Images, new int[] { 10 }));
        hessian.Use(problem.Images, problem.Labels);
        Assert.Throws<InvalidOperationException>(() => hessian.Multiply(v));
        hessian.Load(problem.State);
        Assert.Throws<ArgumentException>(() => hessian.Multiply(v.AsSpan(1)));
        v[3] = double.NaN;
        Assert.Throws<ArgumentException>(() => hessian.Multiply(v));
        using var foreign = new NetworkState(Mixed().Layout);
        Assert.Throws<ArgumentException>(() => hessian.Load(foreign));
    }

    /// <summary>
    /// A small network with a layer of every kind: convolutions by each kernel, normalised and not, ReLU and Swish, an addition read as it
    /// is and activated.
    /// </summary>
    private static Model Mixed()
    {
        var b = new ModelBuilder(new TensorShape(16, 16, 3));
        var stem = b.Activate(b.Normalize("bn1", b.Convolution("conv1", b.Images, 16, 3, 2)), Activation.Swish);
        var first = b.Add("first", b.Normalize("bn2", b.Convolution("conv2", stem, 16, 3)), stem);
        var read = b.Activate(b.Normalize("bn3", first), Activation.Relu);
        var second = b.Activate(b.Add("second", b.Convolution("conv3", read, 16, 1), first), Activation.Swish);
        b.Classify("fc", b.Activate(b.Convolution("conv4", second, 32, 3, 2), Activation.Relu), 10);
        return b.Build("mixed");
    }

    internal static string DigestOfProduct(string argument)
    {
        string[] words = argument.Split(' ');
        var connected =
            new ConnectedNetworkSettings { Activation = Activation.Tanh, Images = new TensorShape(5, 5, 3), Loss = Loss.SquaredError };
        var filtered = NetworkSettings.Parse("resnet8", Activation.Swish) with { Images = new TensorShape(16, 16, 3) };
        var problem =
            RandomProblem.Of(words[0] switch { "connected" => connected.Build(), "winograd" => filtered.Build(), _ => Mixed() }, 7);
        using var team = new WorkerTeam(int.Parse(words[1], CultureInfo.InvariantCulture));
        using var hessian =
            problem.Hessian(5, team, convolution: words[0] == "winograd" ? ConvolutionAlgorithm.Winograd : ConvolutionAlgorithm.Direct);
        double[] product = hessian.Multiply(problem.Direction(0));
        return Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes<double>([.. product, hessian.Loss])));
    }

    /// <summary>y[p, c] = w[c] x[p, c]^2: not linear in anything.</summary>
    private sealed record SquaredScale(string Name) : CustomLayer(Name)
    {
        public bool IsPlain { get; init; }

        public override bool HasTangent => !IsPlain;

        public override TensorShape OutputShape(IReadOnlyList<TensorShape> inputs) => inputs[0];

        public override IReadOnlyList<ParameterDefinition> Parameters(IReadOnlyList<TensorShape> inputs) =>
            [new("weight", [inputs[0].Channels], new Initialisation.Constant(1))];

        public override void Forward<T>(TensorShape shape, ReadOnlySpan<T> input, ReadOnlySpan<T> parameters, Span<T> output)
        {
            for (int i = 0; i < input.Length; i++)
                output[i] = parameters[i % shape.Channels] * input[i] * input[i];
        }

        public override void Backward<T>(
            TensorShape shape, ReadOnlySpan<T> input, ReadOnlySpan<T> parameters, ReadOnlySpan<T> outputGradient, Span<T> inputGradient,
            Span<T> parameterGradients)
        {
            for (int i = 0; i < input.Length; i++)
            {
                int c = i % shape.Channels;
                inputGradient[i] = (T.One + T.One) * parameters[c] * input[i] * outputGradient[i];
                parameterGradients[c] = T.FusedMultiplyAdd(input[i] * input[i], outputGradient[i], parameterGradients[c]);
            }
        }

        public override void ForwardTangent<T>(
            TensorShape shape, ReadOnlySpan<T> input, ReadOnlySpan<T> inputTangent, ReadOnlySpan<T> parameters,
            ReadOnlySpan<T> parameterTangents, Span<T> outputTangent)
        {
            for (int i = 0; i < input.Length; i++)
            {
                int c = i % shape.Channels;
                outputTangent[i] = T.FusedMultiplyAdd((T.One + T.One) * parameters[c] * input[i], inputTangent[i],
                    parameterTangents[c] * input[i] * input[i]);
            }
        }

        public override void BackwardTangent<T>(
            TensorShape shape, ReadOnlySpan<T> input, ReadOnlySpan<T> inputTangent, ReadOnlySpan<T> parameters,
            ReadOnlySpan<T> parameterTangents,
            ReadOnlySpan<T> outputGradient, ReadOnlySpan<T> outputGradientTangent, Span<T> inputGradientTangent,
            Span<T> parameterGradientTangents)
        {
            T two = T.One + T.One;
            for (int i = 0; i < input.Length; i++)
            {
                int c = i % shape.Channels;
                T slope = parameters[c] * input[i], change =
                    T.FusedMultiplyAdd(parameterTangents[c], input[i], parameters[c] * inputTangent[i]);
                inputGradientTangent[i] = two * T.FusedMultiplyAdd(slope, outputGradientTangent[i], change * outputGradient[i]);
                T moved = T.FusedMultiplyAdd(input[i] * input[i], outputGradientTangent[i], parameterGradientTangents[c]);
                parameterGradientTangents[c] = T.FusedMultiplyAdd(two * input[i] * inputTangent[i], outputGradient[i], moved);
            }
        }
    }

    private static double Dot(double[] x, double[] y) => x.Zip(y, (a, b) => a * b).Sum();

    private void Check(Func<ModelBuilder, Node> describe) => Check(SmallNetworks.Build(describe), 3);

    private void Check(Model model, int count)
    {
        var problem = RandomProblem.Of(model, count);
        var reference = new ReferenceEngine(model, count);
        using var single = new SingleReplica(reference);
        double[] v = problem.Direction(0);
        single.Load(problem.State);
        double loss = single.Forward(problem.Images, problem.Labels, training: true).LossSum / count;
        double[] exact = CentralDifferences(reference, [.. problem.State.Parameters.ToArray().Select(w => (double)w)], v);
        foreach (ConvolutionAlgorithm algorithm in Enum.GetValues<ConvolutionAlgorithm>())
            Check(problem, algorithm, v, exact, loss);
    }

    /// <summary>H v by central differences of gradients; the step is taken along the unit vector.</summary>
    private static double[] CentralDifferences(ReferenceEngine reference, double[] parameters, double[] v)
    {
        const double step = 1e-5;
        double norm = Math.Sqrt(Dot(v, v));
        double[] up = reference.Gradient([.. parameters.Zip(v, (w, d) => w + (step * d / norm))]);
        double[] down = reference.Gradient([.. parameters.Zip(v, (w, d) => w - (step * d / norm))]);
        return [.. up.Zip(down, (a, b) => (a - b) / (2 * step) * norm)];
    }

    private void Check(RandomProblem problem, ConvolutionAlgorithm algorithm, double[] v, double[] exact, double loss)
    {
        using var team = new WorkerTeam(2);
        using var hessian = problem.Hessian(problem.Labels.Length, team, convolution: algorithm);
        double[] product = hessian.Multiply(v);
        Assert.Equal(loss, hessian.Loss, 1e-5);
        foreach (var parameter in problem.Model.Layout.All.Where(p => p.IsTrainable))
        {
            double largest = 0, error = 0;
            for (int i = parameter.Offset; i < parameter.Offset + parameter.Count; i++)
            {
                largest = Math.Max(largest, Math.Abs(exact[i]));
                error = Math.Max(error, Math.Abs(exact[i] - product[i]));
            }
            output.WriteLine($"{algorithm,-8} {parameter.Name,-30} largest {largest:E2}, differs by {error:E2}");
            Assert.True(error <= (1e-4 * largest) + 1e-6, $"{parameter.Name}: largest {largest:E3}, differs by {error:E3}");
        }
    }
}
