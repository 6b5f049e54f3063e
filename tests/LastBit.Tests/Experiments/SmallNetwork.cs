using LastBit.Engines;
using LastBit.Engines.Cpu;
using LastBit.Files;
using LastBit.LinearAlgebra;
using LastBit.Models;

namespace LastBit.Tests.Experiments;

/// <summary>
/// The Hessian of a small network beside all of its eigenvalues by PyTorch and NumPy: Reference/eigenvalues.npz, made by
/// Reference/make-eigenvalues.py.
/// </summary>
public sealed class SmallNetwork : IDisposable
{
    private readonly string _name;
    private readonly IReadOnlyDictionary<string, NumericArray> _reference = Npz.Read(Reference.File("eigenvalues.npz"));
    private readonly WorkerTeam _team = new(2);

    public SmallNetwork(string name)
    {
        _name = name;
        Model model = ModelOf(name);
        using var state = new NetworkState(model.Layout);
        foreach (var parameter in model.Layout.All.Where(p => p.IsTrainable))
            _reference[$"{name}/w/{parameter.Name}"].Get<float>().CopyTo(state.Get(parameter));
        int[] labels = _reference[$"{name}/y"].Get<int>();
        float[] nchw = _reference[$"{name}/x"].Get<float>(), images = new float[labels.Length * model.ImageFloats];
        for (int i = 0; i < nchw.Length; i++)
            images[(((i / 48 * 16) + (i % 16)) * 4) + (i / 16 % 3)] = nchw[i];
        Hessian = new HessianProduct(model, labels.Length, _team);
        Hessian.Load(state);
        Hessian.Use(images, labels);
        Eigenvalues = [.. Array("eigvalsh").Reverse()];
    }

    public HessianProduct Hessian { get; }

    /// <summary>All, in descending order.</summary>
    public double[] Eigenvalues { get; }

    /// <summary>What is wrong with a search that is called converged and verified; null when nothing is.</summary>
    public string? Problem(int count, double tolerance, CancellationToken cancellation)
    {
        LargestEigenvalues found = Lanczos.Largest(
            Hessian.Multiply, Hessian.Size, count, tolerance, 2000, verify: 0.1, rounding: 1e-6, isDear: true, cancellation: cancellation);
        if (!found.Converged || found.Verified is null || found.Values.Length != count)
            return $"{_name}, {count} at {tolerance}: {found.Values.Length} values, converged: {found.Converged}, verified: "
                + $"{found.Verified}";
        double rounding = 1e-6 * Math.Max(Math.Abs(Eigenvalues[^1]), Eigenvalues[0]);
        int wrong = Enumerable.Range(0, count)
            .FirstOrDefault(i => !(Math.Abs(found.Values[i] - Eigenvalues[i]) <= found.Limits[i] + rounding), -1);
        return wrong < 0
            ? null : $"{_name}, {count} at {tolerance}: value {wrong + 1} is {found.Values[wrong]}, the eigenvalue {Eigenvalues[wrong]}";
    }

    public double[] Array(string name) => _reference[$"{_name}/{name}"].Get<double>();

    public void Dispose()
    {
        Hessian.Dispose();
        _team.Dispose();
    }

    private static Model ModelOf(string name) => name switch
    {
        "convolutional" => Convolutional(name, Activation.Swish, Loss.CrossEntropy),
        "normalised" => Convolutional(name, Activation.Relu, Loss.SquaredError),
        "connected" => Connected(name, Activation.Tanh, Loss.SquaredError),
        "relu" => Connected(name, Activation.Relu, Loss.CrossEntropy),
        "dead" => Connected(name, Activation.Relu, Loss.SquaredError, classes: 10),
        _ => Connected(name, Activation.Tanh, Loss.CrossEntropy),
    };

    private static Model Convolutional(string name, Activation activation, Loss loss)
    {
        var b = new ModelBuilder(new TensorShape(4, 4, 3));
        b.Classify("fc", b.Activate(b.Normalize("bn", b.Convolution("conv", b.Images, 16, 3)), activation), 3);
        return b.Build(name, loss);
    }

    private static Model Connected(string name, Activation activation, Loss loss, int classes = 3)
    {
        var b = new ModelBuilder(new TensorShape(4, 4, 3));
        b.Connect("fc2", b.Activate(b.Connect("fc1", b.Images, 9), activation), classes);
        return b.Build(name, loss);
    }
}
