using LastBit.Engines;
using LastBit.Files;
using LastBit.Models;

namespace LastBit.Tests.Engines.Cpu;

/// <summary>
/// Reference/hessian-*.npz, made by Reference/make-hessian.py: PyTorch's double backward in binary64, and how far from it PyTorch is in
/// binary32.
/// </summary>
internal static class HessianReference
{
    /// <summary>
    /// Compares the product with the reference's direction, tensor by tensor and as a whole: at most twice PyTorch's own error.
    /// </summary>
    public static void AssertAsNearAsPyTorch(IHessian hessian, ParameterLayout layout, string file, ITestOutputHelper output)
    {
        var reference = Npz.Read(Reference.File(file));
        Parameter[] parameters = [.. layout.All.Where(p => p.IsTrainable)];
        double[] product = hessian.Multiply([.. parameters.SelectMany(p => reference[$"v/{p.Name}"].Get<float>()).Select(v => (double)v)]);
        double largest = 0, largestOfTheirs = 0;
        foreach (var parameter in parameters)
        {
            double[] exact = reference[$"hv64/{parameter.Name}"].Get<double>(), theirs = reference[$"error/{parameter.Name}"].Get<double>();
            double[] errors = [.. exact.Select((value, i) => Math.Abs(value - product[parameter.Offset + i]))];
            double error = Math.Sqrt(errors.Average(e => e * e));
            (largest, largestOfTheirs) = (Math.Max(largest, errors.Max()), Math.Max(largestOfTheirs, theirs[1]));
            output.WriteLine(
                $"{parameter.Name,-30} largest {exact.Max(Math.Abs):E2}  our error {error:E2}  PyTorch's {theirs[0]:E2}  ratio "
                    + $"{error / theirs[0]:F2}");
            Assert.True(error <= 2 * theirs[0],
                $"{parameter.Name}: our error {error:E3}, PyTorch's {theirs[0]:E3} (roots of mean squares)");
        }
        output.WriteLine($"largest of all: our error {largest:E2}, PyTorch's {largestOfTheirs:E2}, ratio {largest / largestOfTheirs:F2}");
        Assert.True(largest <= 2 * largestOfTheirs, $"our error {largest:E3}, PyTorch's {largestOfTheirs:E3}");
    }
}
