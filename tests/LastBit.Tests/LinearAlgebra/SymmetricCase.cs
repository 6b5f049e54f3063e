using System.Globalization;
using LastBit.LinearAlgebra;

namespace LastBit.Tests.LinearAlgebra;

/// <summary>A symmetric operator of known spectrum and what to search it for, drawn by a seed.</summary>
public sealed class SymmetricCase
{
    public static readonly double[] Tolerances = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 0.3];

    private static readonly string[] Kinds =
        ["spread", "repeated", "clustered", "large negative", "zero", "rank one", "identity", "graded", "all negative", "outliers",
            "near each other", "dense"];

    private readonly double[][] _mirrors;
    private readonly double[][]? _matrix;

    public SymmetricCase(int seed)
    {
        var random = new System.Random(seed);
        Kind = Kinds[random.Next(Kinds.Length)];
        Size = random.Next(4) switch { 0 => random.Next(1, 13), 1 => random.Next(13, 50), _ => random.Next(50, 400) };
        Size = Kind == "dense" ? Math.Min(Size, 60) : Size;
        Count = random.Next(1, 21);
        Tolerance = Tolerances[random.Next(Tolerances.Length)];
        double scale = Math.Pow(10, random.Next(-6, 7));
        Spectrum = [.. Draw(random).Select(value => value * scale).OrderDescending()];
        _mirrors = [.. Enumerable.Range(0, 3).Select(_ => Unit(random, Size))];
        if (Kind == "dense")
        {
            _matrix = [.. Enumerable.Range(0, Size).Select(_ => new double[Size])];
            for (int i = 0; i < Size; i++)
            {
                for (int j = 0; j <= i; j++)
                    _matrix[i][j] = _matrix[j][i] = scale * Normal(random);
            }
            Spectrum = Jacobi.Eigenvalues(_matrix);
        }
        Scale = Spectrum.Max(Math.Abs);
    }

    public string Kind { get; }

    public int Size { get; }

    public int Count { get; }

    public double Tolerance { get; }

    /// <summary>All eigenvalues, in descending order.</summary>
    public double[] Spectrum { get; }

    public double Scale { get; }

    /// <summary>y = A x.</summary>
    public void Multiply(ReadOnlySpan<double> x, Span<double> y)
    {
        if (_matrix is not null)
        {
            for (int i = 0; i < Size; i++)
            {
                y[i] = 0;
                for (int j = 0; j < Size; j++)
                    y[i] += _matrix[i][j] * x[j];
            }
            return;
        }
        x.CopyTo(y);
        foreach (double[] mirror in _mirrors)
            Reflect(y, mirror);
        for (int i = 0; i < Size; i++)
            y[i] *= Spectrum[i];
        foreach (double[] mirror in Enumerable.Reverse(_mirrors))
            Reflect(y, mirror);
    }

    /// <summary>The whole matrix, by products with unit vectors.</summary>
    public double[][] ToMatrix() => [.. Enumerable.Range(0, Size).Select(i =>
    {
        double[] unit = new double[Size], row = new double[Size];
        unit[i] = 1;
        Multiply(unit, row);
        return row;
    })];

    /// <summary>Searches for what is sought, and verifies it.</summary>
    /// <param name="isRounded">Whether products are rounded to binary32, as those of networks are.</param>
    /// <param name="cancellation">Stops it.</param>
    public LargestEigenvalues Search(bool isRounded, CancellationToken cancellation)
    {
        return Lanczos.Largest(isRounded ? Rounded : Multiply, Size, Count, Tolerance, (20 * Size) + 1000, verify: 0.1,
            rounding: isRounded ? 1e-6 : 1e-13,
            isDear: Count % 2 == 0, cancellation: cancellation);

        void Rounded(ReadOnlySpan<double> x, Span<double> y)
        {
            double[] narrow = new double[Size];
            for (int i = 0; i < Size; i++)
                narrow[i] = (float)x[i];
            Multiply(narrow, y);
            for (int i = 0; i < Size; i++)
                y[i] = (float)y[i];
        }
    }

    /// <summary>What is wrong with the eigenvalues found, which must be called converged and verified; null when nothing is.</summary>
    public string? Problem(LargestEigenvalues found)
    {
        if (!found.Converged || found.Verified is null)
            return $"{this}: not converged or not verified after {found.Products} products";
        if (found.Values.Length != Math.Min(Count, Size))
            return $"{this}: {found.Values.Length} values";
        for (int i = 0; i < found.Values.Length; i++)
        {
            if (!(Math.Abs(found.Values[i] - Spectrum[i]) <= found.Limits[i] + (1e-12 * Scale)))
                return string.Create(CultureInfo.InvariantCulture,
                    $"{this}: value {i + 1} is {found.Values[i]:R}, the eigenvalue {Spectrum[i]:R}, after {found.Products} products");
        }
        return null;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Kind}, order {Size}, {Count} at {Tolerance}");

    private double[] Draw(System.Random random)
    {
        double[] spread = [.. Enumerable.Range(0, Size).Select(_ => (2 * random.NextDouble()) - 1)];
        int distinct = random.Next(1, 8), some = random.Next(1, 25);
        double width = Math.Pow(10, -random.Next(1, 10)), depth = Math.Pow(10, random.Next(0, 5));
        return Kind switch
        {
            "repeated" => [.. spread.Select((_, i) => spread[i % Math.Min(distinct, Size)])],
            "clustered" => [.. spread.Select((value, i) => spread[i % Math.Min(distinct, Size)] + (width * value))],
            "large negative" => [.. spread.Select((value, i) => i < some ? Math.Abs(value) : -depth * Math.Abs(value))],
            "zero" => new double[Size],
            "rank one" => [.. spread.Select((value, i) => i == 0 ? value : 0)],
            "identity" => [.. spread.Select(_ => 1.0)],
            "graded" => [.. spread.Select((_, i) => Math.Pow(10, -10.0 * i / Size) * (random.Next(3) == 0 ? -1 : 1))],
            "all negative" => [.. spread.Select(value => -1.1 - value)],
            "outliers" => [.. spread.Select((value, i) => i < some ? 1 + (10 * Math.Abs(value)) : width * value)],
            // Pairs that no single chain can tell apart for long.
            "near each other" => [.. spread.Select((_, i) => spread[i / 2] + (i % 2 * width))],
            _ => spread,
        };
    }

    private static double[] Unit(System.Random random, int size)
    {
        double[] vector = [.. Enumerable.Range(0, size).Select(_ => Normal(random))];
        double length = Math.Sqrt(vector.Sum(x => x * x));
        return [.. vector.Select(x => x / length)];
    }

    private static double Normal(System.Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    private static void Reflect(Span<double> x, double[] mirror)
    {
        double along = 0;
        for (int i = 0; i < mirror.Length; i++)
            along += mirror[i] * x[i];
        for (int i = 0; i < mirror.Length; i++)
            x[i] -= 2 * along * mirror[i];
    }
}
