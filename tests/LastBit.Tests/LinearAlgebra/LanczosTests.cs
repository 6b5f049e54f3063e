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
            LargestEigenvalues found = Lanczos.Largest(WithSpectrum(spectrum, seed), size, count, 1e-11, 10_000,
                cancellation: TestContext.Current.CancellationToken);
            Assert.Equal(Math.Min(size, count), found.Values.Length);
            double scale = spectrum.Max(Math.Abs);
            for (int i = 0; i < found.Values.Length; i++)
            {
                Assert.Equal(spectrum[i], found.Values[i], 1e-10 * scale);
                Assert.InRange(found.Residuals[i], 0, Math.Max(1e-11 * Math.Abs(spectrum[i]), 1e-13 * scale));
            }
        }, iter: 60);

    /// <summary>Ten thousand of these are in LastBit.SystemTests.</summary>
    [Fact]
    public void No_value_that_is_called_converged_is_wrong() => Gen.Int[0, 1_000_000].Sample(seed =>
    {
        var drawn = new SymmetricCase(seed);
        Assert.Null(drawn.Problem(drawn.Search(isRounded: seed % 2 == 0, TestContext.Current.CancellationToken)));
    }, iter: 60);

    [Fact]
    public void A_search_from_the_vectors_of_a_similar_operator_finds_equal_eigenvalues_too()
    {
        // Five times 3, three times 2; then all of them a little larger.
        const int Size = 120;
        double[] spectrum = [3, 3, 3, 3, 3, 2, 2, 2, .. Enumerable.Range(0, Size - 8).Select(i => 1 - (2.0 * i / Size))];
        LargestEigenvalues first = Lanczos.Largest(WithSpectrum(spectrum, 2), Size, 7, 1e-4, 1000, verify: 0.1,
            cancellation: TestContext.Current.CancellationToken);
        double[] moved = [.. spectrum.Select((value, i) => value + (0.001 * i))];
        LargestEigenvalues next = Lanczos.Largest(WithSpectrum(moved, 2), Size, 7, 1e-4, 1000, first.Vectors,
            cancellation: TestContext.Current.CancellationToken);
        Assert.True(next.Converged);
        Assert.Null(next.Verified);
        Assert.InRange(next.Products, 8, 40);
        double[] expected = [.. moved.OrderDescending()];
        for (int i = 0; i < 7; i++)
            Assert.Equal(expected[i], next.Values[i], 1e-4 * expected[i]);
        for (int i = 0; i < 7; i++)
        {
            for (int j = 0; j <= i; j++)
                Assert.Equal(i == j ? 1 : 0, first.Vectors[i].Zip(first.Vectors[j], (one, other) => one * other).Sum(), 1e-12);
        }
    }

    [Fact]
    public void A_search_that_starts_in_an_eigenvector_finds_a_larger_eigenvalue_where_it_verifies()
    {
        const int Size = 300;
        double[] spectrum = [5, 4, .. Enumerable.Range(0, Size - 2).Select(i => 1.0 - (0.01 * i))];
        SymmetricOperator apply = WithSpectrum(spectrum, 4);
        LargestEigenvalues both = Lanczos.Largest(apply, Size, 2, 1e-10, 1000, cancellation: TestContext.Current.CancellationToken);
        LargestEigenvalues found = Lanczos.Largest(apply, Size, 1, 0.3, 1000, [both.Vectors[1]], verify: 0.1,
            cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(5, found.Values[0], 0.05);
        Assert.Equal((0.1, 1e-6), (found.Verified!.Tolerance, found.Verified.Chance));
        Assert.Equal(5 - spectrum[^1], found.Verified.Width, 0.1);
    }

    [Fact]
    public void A_search_without_products_for_it_verifies_nothing_and_a_whole_basis_leaves_no_chance()
    {
        double[] spectrum = Spectrum(200, 3);
        SymmetricOperator apply = WithSpectrum(spectrum, 3);
        int needed = Lanczos.ProductsToVerify(199, 0.1);
        LargestEigenvalues found =
            Lanczos.Largest(apply, 200, 1, 1e-2, 1000, verify: 0.1, cancellation: TestContext.Current.CancellationToken);
        Assert.InRange(found.Products, needed + 2, 200);
        Assert.NotNull(found.Verified);
        LargestEigenvalues cut =
            Lanczos.Largest(apply, 200, 1, 1e-2, found.Products - 1, verify: 0.1, cancellation: TestContext.Current.CancellationToken);
        Assert.True(cut.Converged);
        Assert.Null(cut.Verified);
        LargestEigenvalues whole =
            Lanczos.Largest(apply, 200, 150, 1e-2, 1000, verify: 0.1, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal((0, 0), (whole.Verified!.Tolerance, whole.Verified.Chance));
        Assert.All(Enumerable.Range(0, 150), i => Assert.Equal(spectrum[i], whole.Values[i], 1e-9));
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            Lanczos.Largest(apply, 200, 1, 1e-2, 1000, verify: 0, cancellation: TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(1e-3, 326)]
    [InlineData(1e-2, 104)]
    [InlineData(0.1, 34)]
    public void The_products_of_a_verification_are_those_of_the_theorem(double tolerance, int products)
    {
        // A ResNet-20 has 269,722 weights.
        Assert.Equal(products, Lanczos.ProductsToVerify(269_722, tolerance));
        Assert.InRange(1.648 * Math.Sqrt(269_722) * Math.Exp(-Math.Sqrt(tolerance) * ((2 * products) - 1)), 0, 1e-6);
        Assert.InRange(1.648 * Math.Sqrt(269_722) * Math.Exp(-Math.Sqrt(tolerance) * ((2 * products) - 3)), 1e-6, 1);
        Assert.Equal(5, Lanczos.ProductsToVerify(5, tolerance));
    }

    [Fact]
    public void Small_matrices_have_the_eigenvalues_of_Jacobi_and_orthogonal_vectors() =>
        Gen.Int[0, 1_000_000].Where(seed => new SymmetricCase(seed).Size <= 40).Sample(seed =>
        {
            var drawn = new SymmetricCase(seed);
            double[][] matrix = drawn.ToMatrix();
            double[] expected = Jacobi.Eigenvalues(matrix);
            (double[] values, double[][] vectors) = SymmetricMatrix.Eigen([.. matrix.Select(row => row.ToArray())]);
            for (int i = 0; i < drawn.Size; i++)
            {
                Assert.Equal(expected[i], values[i], 1e-13 * drawn.Scale);
                Assert.Equal(drawn.Spectrum[i], values[i], 1e-13 * drawn.Scale);
                double[] product = new double[drawn.Size];
                drawn.Multiply(vectors[i], product);
                Assert.All(product.Zip(vectors[i], (one, other) => one - (values[i] * other)),
                    rest => Assert.Equal(0, rest, 1e-13 * drawn.Scale));
                Assert.All(Enumerable.Range(0, i + 1),
                    j => Assert.Equal(i == j ? 1 : 0, vectors[i].Zip(vectors[j], (one, other) => one * other).Sum(), 1e-12));
            }
        }, iter: 40);

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
        LargestEigenvalues found =
            Lanczos.Largest(WithSpectrum(spectrum, 1), Size, 2, 1e-8, 5000, room: 6, cancellation: TestContext.Current.CancellationToken);
        Assert.InRange(found.Products, 7, 4999);
        Assert.Equal(100, found.Values[0], 1e-6);
        Assert.Equal(50, found.Values[1], 1e-6);
    }

    [Fact]
    public void A_search_with_dear_products_ends_with_the_first_that_suffices()
    {
        const int Size = 200;
        double[] spectrum = [1000, .. Enumerable.Range(1, Size - 1).Select(i => 1.0 / i)];
        LargestEigenvalues found = Lanczos.Largest(WithSpectrum(spectrum, 3), Size, 1, 1e-2, 1000, isDear: true,
            cancellation: TestContext.Current.CancellationToken);
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
        LargestEigenvalues again =
            Lanczos.Largest(apply, Size, 1, 1e-6, 1000, first.Vectors, cancellation: TestContext.Current.CancellationToken);
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
