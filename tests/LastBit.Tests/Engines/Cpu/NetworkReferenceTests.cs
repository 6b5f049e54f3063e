using LastBit.Engines;
using LastBit.Engines.Cpu;
using LastBit.Files;
using LastBit.Models;

namespace LastBit.Tests.Engines.Cpu;

/// <summary>The networks beside the ResNets next to the same in PyTorch: Reference/NAME.npz, made by Reference/make-pytorch.py.</summary>
public class NetworkReferenceTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("fc-tanh-mse")]
    [InlineData("cnn-elu-mse")]
    [InlineData("cnn-elu-mse", ConvolutionAlgorithm.Winograd)]
    [InlineData("cnn-relu-max-cross-entropy")]
    [InlineData("cnn-relu-max-cross-entropy", ConvolutionAlgorithm.Winograd)]
    [InlineData("vgg-cross-entropy")]
    [InlineData("vgg-cross-entropy", ConvolutionAlgorithm.Winograd)]
    public void Gradients_are_as_near_to_binary64_as_those_of_pytorch(string file,
        ConvolutionAlgorithm convolution = ConvolutionAlgorithm.Direct)
    {
        using var given = new Given(file);
        var (reference, model) = (given.Reference, given.Model);
        int count = given.Labels.Length;
        using var team = new WorkerTeam(2);
        using var engine = new SingleReplica(new CpuEngine(model, count, team, convolution));
        engine.Load(given.State);
        double loss = engine.Forward(given.Images, given.Labels, training: true).LossSum / count;
        Assert.Equal(reference["loss64"].Get<double>()[0], loss, 2e-6);
        float[] logits = reference["logits"].Get<float>(), outputs = engine.Outputs(count);
        for (int i = 0; i < logits.Length; i++)
            Assert.Equal(logits[i], outputs[i], 3e-5f * logits.Max(Math.Abs));

        engine.Engine.Backward();
        float[] gradients = engine.Gradients();
        foreach (var parameter in model.Layout.All.Where(p => p.IsTrainable))
        {
            double[] exact = reference[$"grad64/{parameter.Name}"].Get<double>();
            double our = Error(gradients.AsSpan(parameter.Offset, parameter.Count), exact);
            double their = Error(reference[$"grad/{parameter.Name}"].Get<float>(), exact);
            output.WriteLine(
                $"{parameter.Name,-24} largest {exact.Max(Math.Abs):E2}  our error {our:E2}  PyTorch's {their:E2}  ratio {our / their:F2}");
            Assert.True(our <= 2 * their, $"{parameter.Name}: our error {our:E3}, PyTorch's {their:E3}");
        }
    }

    [Theory]
    [InlineData("fc-tanh-mse")]
    [InlineData("cnn-elu-mse")]
    [InlineData("cnn-relu-max-cross-entropy")]
    [InlineData("vgg-cross-entropy")]
    public void Products_with_the_hessian_are_as_near_to_binary64_as_those_of_pytorch(string file)
    {
        using var given = new Given(file);
        using var team = new WorkerTeam(2);
        foreach (ConvolutionAlgorithm algorithm in Enum.GetValues<ConvolutionAlgorithm>())
        {
            using var hessian = new HessianProduct(given.Model, given.Labels.Length, team, algorithm);
            hessian.Load(given.State);
            hessian.Use(given.Images, given.Labels);
            output.WriteLine($"{algorithm}");
            HessianReference.AssertAsNearAsPyTorch(hessian, given.Model.Layout, $"hessian-{file}.npz", output);
            Assert.Equal(given.Reference["loss64"].Get<double>()[0], hessian.Loss, 2e-6);
        }
    }

    private static double Error(ReadOnlySpan<float> values, double[] exact)
    {
        double error = 0;
        for (int i = 0; i < exact.Length; i++)
            error = Math.Max(error, Math.Abs(values[i] - exact[i]));
        return error;
    }

    /// <summary>A network with the weights, images and labels of a reference.</summary>
    private sealed class Given : IDisposable
    {
        public Given(string file)
        {
            Reference = Npz.Read(Tests.Reference.File(file + ".npz"));
            var x = Reference["x"];
            int count = x.Shape[0], channels = x.Shape[1], side = x.Shape[2], pixels = side * side;
            NetworkSettings network = file.StartsWith("vgg", StringComparison.Ordinal)
                ? new VggSettings { Stages = [[16, 16], [32], [32]] }
                : NetworkSettings.Parse(file.Replace("-mse", "", StringComparison.Ordinal)
                    .Replace("-cross-entropy", "", StringComparison.Ordinal), Activation.None);
            Model = (network with
            {
                Images = new TensorShape(side, side, channels),
                Loss = file.EndsWith("-mse", StringComparison.Ordinal) ? Loss.SquaredError : Loss.CrossEntropy,
            }).Build();
            float[] planes = x.Get<float>();
            Images = new float[count * Model.ImageFloats];
            for (int i = 0; i < planes.Length; i++)
            {
                int n = i / (channels * pixels), c = i / pixels % channels, p = i % pixels;
                Images[(((n * pixels) + p) * Model.Images.BatchChannels) + c] = planes[i];
            }
            Labels = Reference["y"].Get<int>();
            State = new NetworkState(Model.Layout);
            foreach (var parameter in Model.Layout.All)
                Reference[$"w0/{parameter.Name}"].Get<float>().CopyTo(State.Get(parameter));
        }

        public IReadOnlyDictionary<string, NumericArray> Reference { get; }

        public Model Model { get; }

        public float[] Images { get; }

        public int[] Labels { get; }

        public NetworkState State { get; }

        public void Dispose() => State.Dispose();
    }
}
