using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using LastBit.Files;

namespace LastBit.Runs;

/// <summary>
/// The products of a search for eigenvalues, in a file while the search goes on. A search is a function of its products, so one that is
/// begun again after a stop takes them from there and comes to the same bits. Each is bound by a SHA-256 to the vector that it is of: what
/// a killed process or a disk left of a file is believed up to the first that does not fit. It is a convenience, so what cannot be written
/// is left out.
/// </summary>
internal sealed class ProductJournal : IDisposable
{
    /// <summary>A search that takes less is not worth a file.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // A search of larger vectors or more products goes on without.
    private const long MostBytes = 1L << 32;

    private readonly string _file;
    private readonly byte[] _about;
    private readonly TimeSpan _patience;
    private readonly long _begun = Stopwatch.GetTimestamp();
    private readonly List<(double[] Vector, double[] Product)> _pending = [];
    private FileStream? _stream;
    private bool _replays, _gaveUp;
    private long _bytes;

    /// <summary>Opens what an earlier process left of the same search.</summary>
    /// <param name="file">The file.</param>
    /// <param name="about">What the operator depends on and the folder does not say: the digest of the weights.</param>
    /// <param name="patience">How long products are kept in memory alone; null for <see cref="Patience"/>.</param>
    public ProductJournal(string file, string about, TimeSpan? patience = null)
    {
        (_file, _about, _patience) = (file, SHA256.HashData(Encoding.UTF8.GetBytes(about)), patience ?? Patience);
        Try(() =>
        {
            if (!File.Exists(file))
                return;
            _stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
            byte[] there = new byte[_about.Length];
            _replays = _stream.ReadAtLeast(there, there.Length, throwOnEndOfStream: false) == there.Length && there.SequenceEqual(_about);
            if (!_replays)
                Restart();
        });
    }

    /// <summary>The product of a vector, if it is the next one in the file; null from the first on that is not.</summary>
    public double[]? Next(double[] vector)
    {
        double[]? known = null;
        if (_replays)
        {
            Try(() =>
            {
                long at = _stream!.Position;
                double[] product = new double[vector.Length];
                Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes], numbers = MemoryMarshal.AsBytes(product.AsSpan());
                if (_stream.ReadAtLeast(digest, digest.Length, throwOnEndOfStream: false) == digest.Length
                    && _stream.ReadAtLeast(numbers, numbers.Length, throwOnEndOfStream: false) == numbers.Length
                    && digest.SequenceEqual(DigestOf(vector, product)))
                {
                    known = product;
                    return;
                }
                _replays = false;
                _stream.SetLength(at);
            });
        }
        return known;
    }

    /// <summary>Keeps a product that had to be computed.</summary>
    public void Add(double[] vector, double[] product)
    {
        _bytes += SHA256.HashSizeInBytes + (long)Buffer.ByteLength(product);
        if (_gaveUp || _bytes > MostBytes)
            return;
        _pending.Add((vector, product));
        if (_stream is not null || Stopwatch.GetElapsedTime(_begun) >= _patience)
            Write();
    }

    /// <summary>Removes the file: the search is done.</summary>
    public void Finish()
    {
        _pending.Clear();
        Dispose();
        if (File.Exists(_file))
            File.Delete(_file);
    }

    /// <summary>Puts on disk what is not there yet.</summary>
    public void Dispose()
    {
        if (!_gaveUp && _pending.Count > 0)
            Write();
        _stream?.Dispose();
        _stream = null;
    }

    private void Write() => Try(() =>
    {
        if (_stream is null)
        {
            AtomicFile.ThrowIfGone(_file);
            Directory.CreateDirectory(Path.GetDirectoryName(_file)!);
            _stream = new FileStream(_file, FileMode.Create, FileAccess.ReadWrite, FileShare.Read);
            Restart();
        }
        foreach ((double[] vector, double[] product) in _pending)
        {
            _stream.Write(DigestOf(vector, product));
            _stream.Write(MemoryMarshal.AsBytes(product.AsSpan()));
        }
        _stream.Flush();
        _pending.Clear();
    });

    private void Restart()
    {
        _stream!.SetLength(0);
        _stream.Write(_about);
    }

    private void Try(Action action)
    {
        try
        {
            action();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            (_gaveUp, _replays) = (true, false);
            _pending.Clear();
        }
    }

    private static byte[] DigestOf(double[] vector, double[] product)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(MemoryMarshal.AsBytes(vector.AsSpan()));
        hash.AppendData(MemoryMarshal.AsBytes(product.AsSpan()));
        return hash.GetHashAndReset();
    }
}
