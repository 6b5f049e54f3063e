using LastBit.Cli;
using LastBit.Engines;
using LastBit.Experiments;
using LastBit.Experiments.Edge;
using LastBit.Experiments.Sharpness;
using LastBit.LinearAlgebra;
using LastBit.Models;
using LastBit.Runs;

namespace LastBit.Tests.Experiments;

/// <summary>
/// The largest eigenvalues of small networks' Hessians beside NumPy's and SciPy's: Reference/eigenvalues.npz, made by
/// Reference/make-eigenvalues.py.
/// </summary>
public class SharpnessTests
{
    /// <summary>Every count at every tolerance is in LastBit.SystemTests.</summary>
    [Theory]
    [InlineData("convolutional")]
    [InlineData("connected")]
    [InlineData("relu")]
    [InlineData("dead")]
    [InlineData("saturated")]
    [InlineData("normalised")]
    public void Eigenvalues_are_those_of_the_whole_matrix(string network)
    {
        using var small = new SmallNetwork(network);
        foreach ((int count, double tolerance) in (ReadOnlySpan<(int, double)>)[(1, 0.3), (2, 1e-3), (3, 1e-2), (10, 1e-4), (20, 1e-6)])
            Assert.Null(small.Problem(count, tolerance, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("convolutional")]
    [InlineData("connected")]
    public void Eigenvalues_are_those_of_SciPy(string network)
    {
        using var small = new SmallNetwork(network);
        double[] largest = small.Array("eigsh");
        double scale = Math.Max(Math.Abs(small.Eigenvalues[^1]), small.Eigenvalues[0]);
        LargestEigenvalues found = Lanczos.Largest(small.Hessian.Multiply, small.Hessian.Size, 4, 1e-5, 1000,
            cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(small.Array("loss")[0], small.Hessian.Loss, 1e-6);
        for (int i = 0; i < 4; i++)
            Assert.InRange(Math.Abs(found.Values[i] - largest[^(i + 1)]) / scale, 0, 2e-6);
    }

    [Fact]
    public void The_whole_matrix_by_products_with_unit_vectors_has_these_eigenvalues()
    {
        using var small = new SmallNetwork("dead");
        int size = small.Hessian.Size;
        double[][] matrix = [.. Enumerable.Range(0, size).Select(i =>
        {
            double[] unit = new double[size];
            unit[i] = 1;
            return small.Hessian.Multiply(unit);
        })];
        (double[] all, _) = SymmetricMatrix.Eigen(matrix);
        for (int i = 0; i < size; i++)
            Assert.Equal(small.Eigenvalues[i], all[i], 1e-6);
        Assert.Equal(10, all.Count(value => Math.Abs(value - 1) < 1e-6));
    }

    [Fact]
    public void A_large_negative_eigenvalue_does_not_make_a_small_one_pass_for_the_largest()
    {
        // -633 to 23.36: a residual of 0.78 is small beside the first and says nothing of the second.
        using var folder = new TemporaryFolder();
        var settings = new SharpnessSettings
        {
            Network = "resnet8",
            Loss = Loss.SquaredError,
            Data = "sample",
            TrainSize = 20,
            Convolution = ConvolutionAlgorithm.Winograd,
            Tolerance = 1e-2
        };
        SharpnessResult result = SharpnessExperiment.Experiment.Run(settings,
            TrainingContext.In(folder.Path, 2, SilentObserver.Instance, TestContext.Current.CancellationToken));
        Assert.True(result.Converged);
        Assert.Equal(23.3566, result.Eigenvalues[0], 0.01);
        Assert.Equal(22.5178, result.Eigenvalues[1], 0.01);
        Assert.Equal((0.1, 1e-6), (result.Verified!.Tolerance, result.Verified.Chance));
        Assert.InRange(result.Verified.Width, 600, 700);
        Assert.Equal(result.ToJson(), ResultJson.Deserialize<SharpnessResult>(result.ToJson()).ToJson());
    }

    [Fact]
    public void A_search_that_is_stopped_in_its_middle_goes_on_and_ends_in_the_same_bits()
    {
        using var whole = new TemporaryFolder();
        using var parts = new TemporaryFolder();
        var settings = new SharpnessSettings
        {
            Network = "resnet8-nobn",
            Data = SmallImages.Data,
            TrainSize = 16,
            Verify = 0.9,
            Tolerance = 0.1
        };
        SharpnessResult expected = Run(whole.Path, new StoppingObserver(0, kill: false), TestContext.Current.CancellationToken);
        Assert.True(expected.Products > 6);
        using var source = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => Run(parts.Path, new StoppingObserver(5, kill: false, source), source.Token));
        // A digest of the state; and of each product a digest and its numbers.
        using (var data = TrainingData.Load(settings, EngineList.Create))
        {
            long size = data.ModelOf(settings).Layout.ParameterCount;
            Assert.Equal(32 + (5 * (32 + (8 * size))), new FileInfo(parts["search.bin"]).Length);
        }
        SharpnessResult resumed = Run(parts.Path, new StoppingObserver(0, kill: false), TestContext.Current.CancellationToken);
        Assert.Equal(expected.ToJson(), resumed.ToJson());
        Assert.False(File.Exists(parts["search.bin"]));

        SharpnessResult Run(string folder, IRunObserver observer, CancellationToken cancellation) =>
            SharpnessExperiment.Experiment.Run(settings, TrainingContext.In(folder, 1, observer, cancellation));
    }

    [Fact]
    public void A_document_from_before_there_was_a_verification_says_of_none()
    {
        const string Older = """{"eigenvalues":[2],"residuals":[0.1],"loss":1,"converged":true,"products":3,"images":20,"state":"ffe8cbb184fe387eb6ac9ea6e5fb6b266aa339c9b22b456dfdf0da4d3eefcba7"}""";
        Assert.Null(ResultJson.Deserialize<SharpnessResult>(Older).Verified);
        Assert.Null(ResultJson.Deserialize<EdgePoint>("""{"iteration":21,"eigenvalues":[2],"residual":0.1}""").Verified);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1e-7)]
    [InlineData(1)]
    public void A_verification_that_cannot_be_is_refused(double verify)
    {
        Assert.StartsWith("verify: ", Assert.Throws<InputException>(new SharpnessSettings { Verify = verify }.Validate).Message,
            StringComparison.Ordinal);
        Assert.StartsWith("verify: ", Assert.Throws<InputException>(new EdgeSettings { Verify = verify }.Validate).Message,
            StringComparison.Ordinal);
    }
}
