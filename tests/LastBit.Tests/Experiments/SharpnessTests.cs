using LastBit.Engines;
using LastBit.Engines.Cpu;
using LastBit.Files;
using LastBit.LinearAlgebra;
using LastBit.Models;

namespace LastBit.Tests.Experiments;

/// <summary>The largest eigenvalues of two small networks' Hessians beside NumPy's and SciPy's: Reference/eigenvalues.npz, made by Reference/make-eigenvalues.py.</summary>
public class SharpnessTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("convolutional")]
    [InlineData("connected")]
    public void Eigenvalues_are_those_of_the_whole_matrix(string prefix)
    {
        var reference = Npz.Read(Reference.File("eigenvalues.npz"));
        Model model = prefix == "connected" ? Connected() : Convolutional();
        using var state = new NetworkState(model.Layout);
        foreach (var parameter in model.Layout.All.Where(p => p.IsTrainable))
            reference[$"{prefix}/w/{parameter.Name}"].Get<float>().CopyTo(state.Get(parameter));
        int[] labels = reference[$"{prefix}/y"].Get<int>();
        float[] nchw = reference[$"{prefix}/x"].Get<float>(), images = new float[labels.Length * model.ImageFloats];
        for (int i = 0; i < nchw.Length; i++)
            images[(((i / 48 * 16) + (i % 16)) * 4) + (i / 16 % 3)] = nchw[i];

        using var team = new WorkerTeam(2);
        using var hessian = new HessianProduct(model, labels.Length, team);
        hessian.Load(state);
        hessian.Use(images, labels);
        var found = Lanczos.Largest(hessian.Multiply, hessian.Size, 4, 1e-5, 1000, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(reference[$"{prefix}/loss"].Get<double>()[0], hessian.Loss, 1e-6);
        double[] all = reference[$"{prefix}/eigvalsh"].Get<double>(), largest = reference[$"{prefix}/eigsh"].Get<double>();
        double scale = Math.Max(Math.Abs(all[0]), all[^1]);
        for (int i = 0; i < 4; i++)
        {
            output.WriteLine($"{found.Values[i]:R}, NumPy {all[^(i + 1)]:R}, SciPy {largest[^(i + 1)]:R}");
            Assert.InRange(Math.Abs(found.Values[i] - all[^(i + 1)]) / scale, 0, 2e-6);
            Assert.InRange(Math.Abs(found.Values[i] - largest[^(i + 1)]) / scale, 0, 2e-6);
        }
    }

    private static Model Convolutional()
    {
        var b = new ModelBuilder(new TensorShape(4, 4, 3));
        b.Classify("fc", b.Activate(b.Normalize("bn", b.Convolution("conv", b.Images, 16, 3)), Activation.Swish), 3);
        return b.Build("convolutional");
    }

    private static Model Connected()
    {
        var b = new ModelBuilder(new TensorShape(4, 4, 3));
        b.Connect("fc2", b.Activate(b.Connect("fc1", b.Images, 9), Activation.Tanh), 3);
        return b.Build("connected", Loss.SquaredError);
    }
}
