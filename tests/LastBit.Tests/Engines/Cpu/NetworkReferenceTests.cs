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
    public void Gradients_are_as_near_to_binary64_as_those_of_pytorch(string file, ConvolutionAlgorithm convolution = ConvolutionAlgorithm.Direct)
    {
        var reference = Npz.Read(Path.Combine(AppContext.BaseDirectory, "Reference", file + ".npz"));
        var x = reference["x"];
        int count = x.Shape[0], channels = x.Shape[1], side = x.Shape[2], pixels = side * side;
        NetworkSettings network = file.StartsWith("vgg", StringComparison.Ordinal)
            ? new VggSettings { Stages = [[16, 16], [32], [32]] }
            : NetworkSettings.Parse(file.Replace("-mse", "", StringComparison.Ordinal).Replace("-cross-entropy", "", StringComparison.Ordinal), Activation.None);
        var model = (network with
        {
            Images = new TensorShape(side, side, channels),
            Loss = file.EndsWith("-mse", StringComparison.Ordinal) ? Loss.SquaredError : Loss.CrossEntropy,
        }).Build();
        float[] planes = x.Get<float>(), images = new float[count * model.ImageFloats];
        for (int i = 0; i < planes.Length; i++)
        {
            int n = i / (channels * pixels), c = i / pixels % channels, p = i % pixels;
            images[(((n * pixels) + p) * model.Images.BatchChannels) + c] = planes[i];
        }

        using var team = new WorkerTeam(2);
        using var engine = new CpuEngine(model, count, team, convolution);
        using var state = new NetworkState(model.Layout);
        foreach (var parameter in model.Layout.All)
            reference[$"w0/{parameter.Name}"].Get<float>().CopyTo(state.Get(parameter));
        engine.Load(state);
        double loss = engine.Forward(images, reference["y"].Get<int>(), training: true).LossSum / count;
        Assert.Equal(reference["loss64"].Get<double>()[0], loss, 2e-6);
        float[] logits = reference["logits"].Get<float>();
        for (int i = 0; i < logits.Length; i++)
            Assert.Equal(logits[i], engine.Outputs(i / 10)[i % 10], 3e-5f * logits.Max(Math.Abs));

        engine.Backward();
        foreach (var parameter in model.Layout.All.Where(p => p.IsTrainable))
        {
            double[] exact = reference[$"grad64/{parameter.Name}"].Get<double>();
            double our = Error(engine.Gradients.Slice(parameter.Offset, parameter.Count), exact);
            double their = Error(reference[$"grad/{parameter.Name}"].Get<float>(), exact);
            output.WriteLine($"{parameter.Name,-24} largest {exact.Max(Math.Abs):E2}  our error {our:E2}  PyTorch's {their:E2}  ratio {our / their:F2}");
            Assert.True(our <= 2 * their, $"{parameter.Name}: our error {our:E3}, PyTorch's {their:E3}");
        }
    }

    private static double Error(ReadOnlySpan<float> values, double[] exact)
    {
        double error = 0;
        for (int i = 0; i < exact.Length; i++)
            error = Math.Max(error, Math.Abs(values[i] - exact[i]));
        return error;
    }
}
