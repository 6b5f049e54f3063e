using LastBit.Engines;
using LastBit.Engines.Cpu;
using LastBit.Files;
using LastBit.Models;
using LastBit.Training;

namespace LastBit.Tests.Engines.Cpu;

/// <summary>
/// A small ResNet, a pre-activation one and a deeper one beside the same in PyTorch: Reference/*resnet*-*.npz, made by
/// Reference/make-pytorch.py.
/// </summary>
public class PyTorchReferenceTests(ITestOutputHelper output)
{
    private static readonly TrainingSettings Sgd = new(LearningRate: 0.1, Momentum: 0.9, Nesterov: true, WeightDecay: 5e-4);

    [Theory]
    [InlineData("resnet8", "relu", Activation.Relu, ConvolutionAlgorithm.Direct)]
    [InlineData("resnet8", "relu", Activation.Relu, ConvolutionAlgorithm.Winograd)]
    [InlineData("preresnet8", "relu", Activation.Relu, ConvolutionAlgorithm.Direct)]
    [InlineData("preresnet8", "relu", Activation.Relu, ConvolutionAlgorithm.Winograd)]
    [InlineData("resnet8", "swish", Activation.Swish, ConvolutionAlgorithm.Direct)]
    [InlineData("resnet8", "swish", Activation.Swish, ConvolutionAlgorithm.Winograd)]
    [InlineData("preresnet8", "swish", Activation.Swish, ConvolutionAlgorithm.Direct)]
    [InlineData("preresnet8", "swish", Activation.Swish, ConvolutionAlgorithm.Winograd)]
    [InlineData("resnet20", "swish", Activation.Swish, ConvolutionAlgorithm.Direct)]
    [InlineData("resnet20", "swish", Activation.Swish, ConvolutionAlgorithm.Winograd)]
    [InlineData("resnet8-gn", "swish", Activation.Swish, ConvolutionAlgorithm.Direct)]
    public void Gradients_are_as_near_to_binary64_as_those_of_pytorch(string network, string name, Activation activation,
        ConvolutionAlgorithm convolution)
    {
        using var run = new Run(network, name, activation, 1, convolution);
        run.Load("w0");
        var result = run.Forward(training: true);
        Assert.Equal((double)run.Scalar("loss"), result.LossSum / run.Count, 2e-6);
        AssertClose(run.Floats("logits"), run.AllLogits(), 3e-5, "logits");

        run.Engine.Backward();
        float[] gradients = run.Gradients();
        foreach (var parameter in run.Engine.Model.Layout.All.Where(p => p.IsTrainable))
        {
            double[] exact = run.Doubles($"grad64/{parameter.Name}");
            float[] theirs = run.Floats($"grad/{parameter.Name}");
            var ours = gradients.AsSpan(parameter.Offset, parameter.Count);
            double our = 0, their = 0, size = 0;
            for (int i = 0; i < exact.Length; i++)
            {
                our = Math.Max(our, Math.Abs(ours[i] - exact[i]));
                their = Math.Max(their, Math.Abs(theirs[i] - exact[i]));
                size = Math.Max(size, Math.Abs(exact[i]));
            }
            output.WriteLine($"{parameter.Name,-30} largest {size:E2}  our error {our:E2}  PyTorch's {their:E2}  ratio {our / their:F2}");
            Assert.True(our <= 2 * their, $"{parameter.Name}: our error {our:E3}, PyTorch's {their:E3}");
        }
    }

    /// <summary>
    /// Reference/hessian-*.npz, made by Reference/make-hessian.py: PyTorch's double backward in binary64, and how far from it PyTorch is in
    /// binary32.
    /// </summary>
    [Theory]
    [InlineData("resnet8", "relu", Activation.Relu)]
    [InlineData("resnet8", "swish", Activation.Swish)]
    [InlineData("preresnet8", "swish", Activation.Swish)]
    public void Products_with_the_hessian_are_as_near_to_binary64_as_those_of_pytorch(string network, string name, Activation activation)
    {
        using var run = new Run(network, name, activation, 1);
        run.Load("w0");
        foreach (ConvolutionAlgorithm algorithm in Enum.GetValues<ConvolutionAlgorithm>())
        {
            using var hessian = run.Hessian(algorithm);
            output.WriteLine($"{algorithm}");
            HessianReference.AssertAsNearAsPyTorch(hessian, run.Engine.Model.Layout, $"hessian-{network}-{name}.npz", output);
            Assert.Equal(run.Scalar("loss"), hessian.Loss, 2e-6);
        }
    }

    [Theory]
    [InlineData("resnet8", "relu", Activation.Relu, 1)]
    [InlineData("preresnet8", "relu", Activation.Relu, 1)]
    [InlineData("resnet8", "relu", Activation.Relu, 3)]
    [InlineData("preresnet8", "relu", Activation.Relu, 3)]
    [InlineData("resnet8", "swish", Activation.Swish, 1)]
    [InlineData("preresnet8", "swish", Activation.Swish, 1)]
    [InlineData("resnet8", "swish", Activation.Swish, 3)]
    [InlineData("preresnet8", "swish", Activation.Swish, 3)]
    public void One_step_ends_where_pytorch_ends(string network, string name, Activation activation, int k)
    {
        using var run = new Run(network, name, activation, k);
        run.Load("w0");
        run.Step();
        run.AssertState($"w1_k{k}", 4e-6);
    }

    [Theory]
    [InlineData("resnet8", "relu", Activation.Relu)]
    [InlineData("preresnet8", "relu", Activation.Relu)]
    [InlineData("resnet8", "swish", Activation.Swish)]
    [InlineData("preresnet8", "swish", Activation.Swish)]
    public void Three_steps_end_where_pytorch_ends(string network, string name, Activation activation)
    {
        using var run = new Run(network, name, activation, 1);
        run.Load("w0");
        for (int i = 0; i < 3; i++)
            run.Step();
        // The ReLU network has one unit in its second step that is 5e-8 from zero: on which side it falls is rounding, and worth 3e-3 of
        // bn1.bias. It falls on PyTorch's side (and binary64's); should a change of the kernels' order turn it over, that is no error of
        // theirs.
        run.AssertState("w3_k1", 1e-5);
        Assert.Equal((double)run.Scalar("loss3"), run.Forward(training: true).LossSum / run.Count, 1e-5);
    }

    [Theory]
    [InlineData("resnet8", "relu", Activation.Relu)]
    [InlineData("preresnet8", "relu", Activation.Relu)]
    [InlineData("resnet8", "swish", Activation.Swish)]
    [InlineData("preresnet8", "swish", Activation.Swish)]
    public void Evaluation_uses_the_running_statistics(string network, string name, Activation activation)
    {
        using var run = new Run(network, name, activation, 1);
        run.Load("w1_k1");
        run.Forward(training: false);
        AssertClose(run.Floats("eval_logits"), run.AllLogits(), 3e-5, "evaluation logits");
    }

    private static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double tolerance, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        double size = 0, error = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            size = Math.Max(size, Math.Abs(expected[i]));
            error = Math.Max(error, Math.Abs((double)expected[i] - actual[i]));
        }
        Assert.True(error <= tolerance * size, $"{what}: differs by {error:E2}, largest element {size:E2}");
    }

    private sealed class Run : IDisposable
    {
        private readonly IReadOnlyDictionary<string, NumericArray> _reference;
        private readonly WorkerTeam _team = new(2);
        private readonly SingleReplica _single;
        private readonly double _k;
        private readonly float[] _images;
        private readonly int[] _labels;

        public Run(string network, string name, Activation activation, double k,
            ConvolutionAlgorithm convolution = ConvolutionAlgorithm.Direct)
        {
            _reference = Npz.Read(Path.Combine(AppContext.BaseDirectory, "Reference", $"{network}-{name}.npz"));
            var x = _reference["x"];
            Count = x.Shape[0];
            _k = k;
            _single = new SingleReplica(new CpuEngine(NetworkSettings.Parse(network, activation).Build(), Count, _team, convolution),
                Sgd.Rule);
            float[] nchw = x.Get<float>();
            _images = new float[Count * 32 * 32 * 4];
            for (int n = 0; n < Count; n++)
            {
                for (int c = 0; c < 3; c++)
                {
                    for (int p = 0; p < 1024; p++)
                        _images[(((n * 1024) + p) * 4) + c] = nchw[(((n * 3) + c) * 1024) + p];
                }
            }
            _labels = _reference["y"].Get<int>();
        }

        public int Count { get; }

        public IEngine Engine => _single.Engine;

        public float[] Floats(string name) => _reference[name].Get<float>();

        public double[] Doubles(string name) => _reference[name].Get<double>();

        public double Scalar(string name) => Doubles(name)[0];

        public void Load(string prefix)
        {
            using var state = new NetworkState(Engine.Model.Layout);
            foreach (var parameter in Engine.Model.Layout.All)
                Floats($"{prefix}/{parameter.Name}").CopyTo(state.Get(parameter));
            _single.Load(state);
        }

        public HessianProduct Hessian(ConvolutionAlgorithm algorithm)
        {
            var hessian = new HessianProduct(Engine.Model, Count, _team, algorithm);
            using NetworkState state = _single.State;
            hessian.Load(state);
            hessian.Use(_images, _labels);
            return hessian;
        }

        public BatchResult Forward(bool training) => _single.Forward(_images, _labels, training);

        public void Step()
        {
            Forward(training: true);
            Engine.Backward();
            Engine.Update(new UpdateStep(Sgd.LearningRate, K: _k));
        }

        public float[] AllLogits() => _single.Outputs(Count);

        public float[] Gradients() => _single.Gradients();

        public void AssertState(string prefix, double tolerance)
        {
            using NetworkState state = _single.State;
            foreach (var parameter in Engine.Model.Layout.All)
                AssertClose(Floats($"{prefix}/{parameter.Name}"), state.Get(parameter), tolerance, parameter.Name);
        }

        public void Dispose()
        {
            _single.Dispose();
            _team.Dispose();
        }
    }
}
