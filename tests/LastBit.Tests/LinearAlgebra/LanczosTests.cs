using CsCheck;
using LastBit.LinearAlgebra;

namespace LastBit.Tests.LinearAlgebra;

public class LanczosTests
{
    [Fact]
    public void The_largest_eigenvalues_of_a_matrix_of_known_spectrum_are_found_to_their_residuals() =>
        Gen.Select(Gen.Int[1, 60], Gen.Int[1, 4], Gen.Int[0, 1000]).Sample((size, count, seed) =>
        {
            double[] spectrum = Spectrum(size, seed);
            LargestEigenvalues found = Lanczos.Largest(WithSpectrum(spectrum, seed), size, count, 1e-11, 10_000, cancellation: TestContext.Current.CancellationToken);
            Assert.Equal(Math.Min(size, count), found.Values.Length);
            double scale = spectrum.Max(Math.Abs);
            for (int i = 0; i < found.Values.Length; i++)
            {
                Assert.Equal(spectrum[i], found.Values[i], 1e-10 * scale);
                Assert.InRange(found.Residuals[i], 0, 1e-11 * scale);
            }
        }, iter: 60);

    [Fact]
    public void Residuals_are_those_of_the_vectors_also_where_the_search_ends_early()
    {
        const int Size = 80;
        double[] spectrum = Spectrum(Size, 5);
        SymmetricOperator apply = WithSpectrum(spectrum, 5);
        LargestEigenvalues found = Lanczos.Largest(apply, Size, 3, 1e-12, 12, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(12, found.Products);
        Assert.Contains(found.Residuals, residual => residual > 1e-12 * spectrum[0]);
        for (int i = 0; i < 3; i++)
        {
            double[] product = new double[Size];
            apply(found.Vectors[i], product);
            double squares = product.Zip(found.Vectors[i], (one, other) => one - found.Values[i] * other).Sum(rest => rest * rest);
            Assert.Equal(Math.Sqrt(squares), found.Residuals[i], 1e-12 * spectrum[0]);
        }
    }

    [Fact]
    public void A_search_that_starts_again_for_want_of_memory_finds_the_same()
    {
        const int Size = 400;
        double[] spectrum = [.. Enumerable.Range(0, Size).Select(i => 100.0 / (1 + i))];
        LargestEigenvalues found = Lanczos.Largest(WithSpectrum(spectrum, 1), Size, 2, 1e-8, 5000, room: 6, cancellation: TestContext.Current.CancellationToken);
        Assert.InRange(found.Products, 7, 4999);
        Assert.Equal(100, found.Values[0], 1e-6);
        Assert.Equal(50, found.Values[1], 1e-6);
    }

    [Fact]
    public void A_search_with_dear_products_ends_with_the_first_that_suffices()
    {
        const int Size = 200;
        double[] spectrum = [1000, .. Enumerable.Range(1, Size - 1).Select(i => 1.0 / i)];
        LargestEigenvalues found = Lanczos.Largest(WithSpectrum(spectrum, 3), Size, 1, 1e-2, 1000, isDear: true, cancellation: TestContext.Current.CancellationToken);
        // The first to find it, one more to see that it is no longer moving.
        Assert.Equal(3, found.Products);
        Assert.Equal(1000, found.Values[0], 1e-3);
    }

    [Fact]
    public void A_start_near_the_eigenvector_needs_fewer_products()
    {
        const int Size = 300;
        double[] spectrum = Spectrum(Size, 9);
        SymmetricOperator apply = WithSpectrum(spectrum, 9);
        LargestEigenvalues first = Lanczos.Largest(apply, Size, 1, 1e-6, 1000, cancellation: TestContext.Current.CancellationToken);
        LargestEigenvalues again = Lanczos.Largest(apply, Size, 1, 1e-6, 1000, first.Vectors[0], cancellation: TestContext.Current.CancellationToken);
        Assert.InRange(again.Products, 1, first.Products - 1);
        Assert.Equal(first.Values[0], again.Values[0], 1e-5 * spectrum[0]);
    }

    // Positive and negative eigenvalues, in descending order, no two closer than 1e-3 of the range.
    private static double[] Spectrum(int size, int seed)
    {
        var random = new System.Random(seed);
        return [.. Enumerable.Range(0, size).Select(i => 100 * (1 - 1.5 * (i + 0.5 * random.NextDouble()) / size))];
    }

    // A = Q diag(spectrum) Q, with a reflection Q.
    private static SymmetricOperator WithSpectrum(double[] spectrum, int seed)
    {
        var random = new System.Random(seed + 1);
        double[] mirror = [.. spectrum.Select(_ => random.NextDouble() - 0.5)];
        double length = Math.Sqrt(mirror.Sum(x => x * x));
        mirror = [.. mirror.Select(x => x / length)];
        return (x, y) =>
        {
            double[] turned = Reflect(x.ToArray());
            for (int i = 0; i < turned.Length; i++)
                turned[i] *= spectrum[i];
            Reflect(turned).CopyTo(y);
        };

        double[] Reflect(double[] x)
        {
            double along = 2 * x.Zip(mirror, (one, other) => one * other).Sum();
            return [.. x.Zip(mirror, (one, other) => one - along * other)];
        }
    }
}
