using LastBit.Arithmetic;
using LastBit.Engines;
using LastBit.LinearAlgebra;
using LastBit.Runs;

namespace LastBit.Experiments.Sharpness;

/// <summary>
/// The Hessian of the training loss of a network over all training images, in file order and without augmentation: the one that every
/// sharpness is of.
/// </summary>
internal sealed class LossHessian : IDisposable
{
    /// <summary>
    /// How far, as a fraction of the spectrum's width, the largest eigenvalue may be missed, where nothing else is asked.
    /// </summary>
    public const double DefaultVerify = 0.1;

    /// <summary>What binary32 leaves of a residual, as a fraction of the eigenvalue that is largest in magnitude.</summary>
    public const double Rounding = 1e-6;

    private readonly float[] _images;
    private readonly int[] _labels;
    // A product that is stopped goes on to its end, so it has memory of its own.
    private readonly double[] _from;
    private readonly double[] _to;
    private Task _product = Task.CompletedTask;

    /// <summary>Takes the memory.</summary>
    /// <param name="settings">Which network.</param>
    /// <param name="data">Which images.</param>
    /// <param name="passSize">How many images are computed at once; batch normalisation takes their statistics.</param>
    public LossHessian(NetworkTrainingSettings settings, TrainingData data, int passSize)
    {
        (_images, _labels) = data.TrainingImages();
        Product = data.Engines.CreateHessian(data.ModelOf(settings), Math.Min(passSize, _labels.Length), settings.Convolution);
        State = new NetworkState(Product.Model.Layout);
        (_from, _to) = (new double[Product.Size], new double[Product.Size]);
    }

    /// <summary>The products; between two searches they may be used for other images.</summary>
    public IHessian Product { get; }

    /// <summary>
    /// The state that a search is at. It is a copy: a forward pass in training moves running statistics, which are not the search's to
    /// move.
    /// </summary>
    public NetworkState State { get; }

    /// <summary>How many images the loss is a mean over.</summary>
    public int Images => _labels.Length;

    /// <summary>Some images and their labels, the first in file order.</summary>
    public (ReadOnlyMemory<float> Images, ReadOnlyMemory<int> Labels) Some(int from, int count) =>
        (_images.AsMemory(from * Product.Model.ImageFloats, count * Product.Model.ImageFloats), _labels.AsMemory(from, count));

    /// <summary>Makes sure that a search can be as close as is asked.</summary>
    /// <exception cref="InputException">It cannot.</exception>
    public static void Check(int eigenvalues, double tolerance, double? verify)
    {
        if (eigenvalues is < 1 or > 100)
            throw InputException.Of("Eigenvalues", $"{eigenvalues}; give 1 to 100");
        if (tolerance is not (>= Rounding and < 1))
            throw InputException.Of("Tolerance",
                $"{NumberText.Of(tolerance)}; give 1e-6 or more, for products are computed in binary32, and less than 1");
        if (verify is not (null or (>= Rounding and < 1)))
            throw InputException.Of("Verify", $"{NumberText.Of(verify.Value)}; give 1e-6 or more, and less than 1, as 0.01");
    }

    /// <summary>Searches for the largest eigenvalues at <see cref="State"/>.</summary>
    /// <param name="count">How many.</param>
    /// <param name="tolerance">The search ends when every residual is at most this fraction of its eigenvalue,</param>
    /// <param name="mostProducts">or after so many products, and those of a verification.</param>
    /// <param name="start">Vectors to begin with, those found before; null for a random one.</param>
    /// <param name="verify">How far, as a fraction of the spectrum's width, any other eigenvalue may lie above those found; null to leave
    /// it open.</param>
    /// <param name="journal">A file that keeps the products while the search goes on, so that it can be resumed; null for none.</param>
    /// <param name="multiplied">Called after every product.</param>
    /// <param name="cancellation">Stops also in the middle of a product, whose memory is freed when it has come to its end.</param>
    /// <returns>Null where the weights or a product are not finite.</returns>
    public LargestEigenvalues? Largest(
        int count, double tolerance, int mostProducts, IReadOnlyList<double[]>? start = null, double? verify = null,
        string? journal = null, Action? multiplied = null, CancellationToken cancellation = default)
    {
        if (!State.IsFinite)
            return null;
        Product.Load(State);
        Product.Use(_images, _labels);
        bool finite = true;
        using ProductJournal? kept = journal is null ? null : new ProductJournal(journal, State.Digest());
        int most = mostProducts + (verify is { } within ? Lanczos.ProductsToVerify(Product.Size, within) : 0);
        LargestEigenvalues largest = Lanczos.Largest(
            Multiply, Product.Size, count, tolerance, most, start, verify, Rounding, isDear: true, cancellation);
        kept?.Finish();
        return finite ? largest : null;

        // A search must end; with a matrix of zeros it does at once.
        void Multiply(ReadOnlySpan<double> x, Span<double> y)
        {
            if (finite)
            {
                double[] from = kept is null ? _from : new double[x.Length];
                x.CopyTo(from);
                if (kept?.Next(from) is not { } to)
                {
                    to = kept is null ? _to : new double[y.Length];
                    _product = Task.Run(() => Product.Multiply(from, to), CancellationToken.None);
                    _product.WaitAsync(cancellation).GetAwaiter().GetResult();
                    kept?.Add(from, to);
                }
                to.CopyTo(y);
            }
            finite = finite && !y.ContainsAnyExceptInRange(double.MinValue, double.MaxValue);
            if (!finite)
                y.Clear();
            multiplied?.Invoke();
        }
    }

    /// <summary>|H v - lambda v| by one more product.</summary>
    public double Residual(double value, double[] vector)
    {
        double[] product = Product.Multiply(vector);
        for (int i = 0; i < product.Length; i++)
            product[i] = Math.FusedMultiplyAdd(-value, vector[i], product[i]);
        return Math.Sqrt(FixedOrderSum.OfProducts(product, product));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ((IAsyncResult)_product).AsyncWaitHandle.WaitOne();
        Product.Dispose();
        State.Dispose();
    }
}
