using LastBit.Arithmetic;
using LastBit.Models;

namespace LastBit.Engines;

/// <summary>
/// Products H v of the Hessian of the training loss with vectors. The loss is the mean over all images given, without weight decay (which
/// adds wd v to a product). Images are taken in chunks of <see cref="Capacity"/> in their order, and the chunks' products are added in
/// that order in binary64. Batch normalisation uses the statistics of each chunk, and they move with the weights: with it, the loss is that
/// of these chunks, and another capacity makes another function. For one thread at a time.
/// </summary>
public interface IHessian : IDisposable
{
    /// <summary>The network.</summary>
    Model Model { get; }

    /// <summary>Images in a chunk.</summary>
    int Capacity { get; }

    /// <summary>The order of the Hessian: trainable numbers, in definition order and PyTorch's layouts.</summary>
    int Size => Model.Layout.ParameterCount;

    /// <summary>The mean loss of the images, as the last product found it on its way forward; NaN before.</summary>
    double Loss { get; }

    /// <summary>Takes a copy of the weights at which the Hessian is wanted; the state itself is not touched.</summary>
    /// <param name="state">A state of the model's layout.</param>
    /// <exception cref="ArgumentException">It is of another model.</exception>
    void Load(NetworkState state);

    /// <summary>Chooses the images whose mean loss is meant. They are not copied, and must stay as they are.</summary>
    /// <param name="images">One image after the other, each Height x Width x <see cref="TensorShape.BatchChannels"/> numbers.</param>
    /// <param name="labels">A class an image, at least 1 of them.</param>
    /// <exception cref="ArgumentException">They do not fit each other or the model, or a label is not a class.</exception>
    void Use(ReadOnlyMemory<float> images, ReadOnlyMemory<int> labels);

    /// <summary>product = H v.</summary>
    /// <param name="v">
    /// As many numbers as the network has trainable ones; they are rounded to binary32 after a common power of two is taken out.
    /// </param>
    /// <param name="product">As many; overwritten.</param>
    /// <exception cref="ArgumentException">A length is wrong, or a number of v is not finite.</exception>
    /// <exception cref="InvalidOperationException">No state or no images were given.</exception>
    void Multiply(ReadOnlySpan<double> v, Span<double> product);
}

/// <summary>What products with a Hessian are made into.</summary>
public static class HessianExtensions
{
    /// <summary>H v.</summary>
    /// <param name="hessian">H.</param>
    /// <param name="v">As many numbers as the network has trainable ones.</param>
    public static double[] Multiply(this IHessian hessian, ReadOnlySpan<double> v)
    {
        ArgumentNullException.ThrowIfNull(hessian);
        double[] product = new double[hessian.Size];
        hessian.Multiply(v, product);
        return product;
    }

    /// <summary>
    /// The curvature of the loss along a direction, v.Hv / v.v. Where v is the gradient of the same images, this is their batch sharpness
    /// (Andreyev and Beneventano), whose expectation over batches is compared with 2 / learning rate.
    /// </summary>
    /// <param name="hessian">H.</param>
    /// <param name="v">The direction; its length does not matter.</param>
    public static double Curvature(this IHessian hessian, ReadOnlySpan<double> v)
    {
        double[] product = hessian.Multiply(v);
        return FixedOrderSum.OfProducts(v, product) / FixedOrderSum.OfProducts(v, v);
    }
}
