using System.Runtime.ExceptionServices;
using LastBit.Models;

namespace LastBit.Data;

/// <summary>A batch in memory that is used again and again.</summary>
public sealed class Batch
{
    private readonly float[] _images;
    private readonly int[] _labels;
    private readonly int[] _numbers;
    private readonly int _imageFloats;

    internal Batch(int size, int imageFloats)
    {
        _imageFloats = imageFloats;
        _images = new float[size * imageFloats];
        _labels = new int[size];
        _numbers = new int[size];
    }

    /// <summary>The epoch that it belongs to.</summary>
    public int Epoch { get; internal set; }

    /// <summary>Its number in the epoch, from 0.</summary>
    public int Index { get; internal set; }

    /// <summary>How many images it has.</summary>
    public int Count { get; internal set; }

    /// <summary>[Count][height][width][<see cref="DatasetShape.BatchChannels"/>], the channels beyond the image's 0.</summary>
    public Span<float> Images => _images.AsSpan(0, Count * _imageFloats);

    /// <summary>[Count] labels.</summary>
    public Span<int> Labels => _labels.AsSpan(0, Count);

    /// <summary><see cref="Images"/> for who keeps hold of them until the next batch.</summary>
    public ReadOnlyMemory<float> ImageMemory => _images.AsMemory(0, Count * _imageFloats);

    /// <summary><see cref="Labels"/> for who keeps hold of them until the next batch.</summary>
    public ReadOnlyMemory<int> LabelMemory => _labels.AsMemory(0, Count);

    /// <summary>[Count] the numbers of the images in the data set.</summary>
    public ReadOnlySpan<int> Numbers => _numbers.AsSpan(0, Count);

    /// <summary>The images as planes, [Count][channels][height][width], without the channels beyond the image's.</summary>
    /// <param name="shape">The shape of an image.</param>
    internal float[] Planes(TensorShape shape)
    {
        float[] planes = new float[Count * shape.Count];
        for (int image = 0, at = 0; image < Count; image++)
        {
            for (int channel = 0; channel < shape.Channels; channel++)
            {
                for (int place = 0; place < shape.Positions; place++)
                    planes[at++] = _images[(((image * shape.Positions) + place) * shape.BatchChannels) + channel];
            }
        }
        return planes;
    }

    internal Span<float> AllImages => _images;

    internal Span<int> AllLabels => _labels;

    internal Span<int> AllNumbers => _numbers;
}

/// <summary>
/// Prepares the next batch on a thread of its own while the current one is used; it goes on from the end of one epoch to the beginning of
/// the next. The batches are those of <see cref="Augmentation"/>, the same whatever the timing. For one consumer.
/// </summary>
public sealed class BatchLoader : IDisposable
{
    private readonly Batch[] _ring;
    private readonly SemaphoreSlim _free, _ready = new(0);
    private readonly Thread _thread;
    private int _taken;
    private volatile bool _stop;
    private ExceptionDispatchInfo? _failure;
    private bool _disposed;

    private BatchLoader(int count, int imageFloats, int batchSize, int firstEpoch, int firstBatch, Action<Batch> fill)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchSize);
        ArgumentOutOfRangeException.ThrowIfNegative(firstBatch);
        BatchesPerEpoch = Augmentation.BatchesPerEpoch(count, batchSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(firstBatch, BatchesPerEpoch);
        int size = Math.Min(count, batchSize);
        _ring = [new Batch(size, imageFloats), new Batch(size, imageFloats)];
        _free = new SemaphoreSlim(_ring.Length);
        _thread = new Thread(() => Produce(firstEpoch, firstBatch, fill)) { IsBackground = true, Name = "batches" };
        _thread.Start();
    }

    /// <summary>How many batches an epoch has; the last may be smaller.</summary>
    public int BatchesPerEpoch { get; }

    /// <summary>Batches for training, shuffled and augmented, from a given one on, without end.</summary>
    /// <param name="data">The training images.</param>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="batchSize">Images a batch.</param>
    /// <param name="firstEpoch">The epoch to begin in.</param>
    /// <param name="firstBatch">The number in that epoch of the first batch, from 0.</param>
    /// <param name="shuffle">Whether every epoch has its own order, rather than the data set's.</param>
    /// <returns>A loader that is already at work.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There are no images, or no such batch.</exception>
    public static BatchLoader ForTraining(Dataset data, ulong seed, int batchSize, int firstEpoch, int firstBatch = 0, bool shuffle = true)
    {
        ArgumentNullException.ThrowIfNull(data);
        int[] permutation = [.. Enumerable.Range(0, data.Count)];
        int? permuted = null;
        return new BatchLoader(data.Count, data.Shape.ImageFloats, batchSize, firstEpoch, firstBatch, batch =>
        {
            if (shuffle && permuted != batch.Epoch)
                Augmentation.FillPermutation(seed, batch.Epoch, permutation);
            permuted = batch.Epoch;
            batch.Count = Augmentation.FillTrainingBatch(data, seed, batch.Epoch, batch.Index, batchSize, permutation, batch.AllImages,
                batch.AllLabels);
            permutation.AsSpan(batch.Index * batchSize, batch.Count).CopyTo(batch.AllNumbers);
        });
    }

    // For tests: the batches come from elsewhere.
    internal static BatchLoader ForFill(int count, int batchSize, Action<Batch> fill) => new(count, 1, batchSize, 0, 0, fill);

    /// <summary>Waits for the next batch. The one returned before may be overwritten from now on.</summary>
    /// <returns>The batch, valid until the next call.</returns>
    /// <exception cref="ObjectDisposedException">The loader has been disposed.</exception>
    /// <exception cref="Exception">Whatever went wrong on the loader's thread while it prepared this batch; it then stays so.</exception>
    public Batch Next()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_taken > 0)
            _free.Release();
        _ready.Wait();
        Batch batch = _ring[_taken % _ring.Length];
        if (batch.Count == 0)
        {
            _ready.Release(); // So that a second call fails as the first did.
            _failure!.Throw();
        }
        _taken++;
        return batch;
    }

    /// <summary>Stops the thread and waits for its end.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _stop = true;
        _free.Release();
        _thread.Join();
        _free.Dispose();
        _ready.Dispose();
    }

    private void Produce(int epoch, int index, Action<Batch> fill)
    {
        for (int produced = 0; ; produced = (produced + 1) % _ring.Length)
        {
            _free.Wait();
            if (_stop)
                return;
            Batch batch = _ring[produced];
            batch.Epoch = epoch;
            batch.Index = index;
            batch.Count = 0;
            try
            {
                fill(batch);
            }
            catch (Exception error) // Every one: it is thrown again where Next is called.
            {
                batch.Count = 0;
                _failure = ExceptionDispatchInfo.Capture(error);
            }
            _ready.Release();
            if (_failure is not null)
                return;
            index++;
            if (index == BatchesPerEpoch)
            {
                index = 0;
                epoch++;
            }
        }
    }
}
