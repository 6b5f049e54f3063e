using System.Runtime.Intrinsics.X86;

namespace LastBit.Engines.Cpu.Kernels;

/// <summary>
/// What a pass reads of the next image, fetched into the second-level cache while this image is computed: a convolution works in the caches
/// for tens of microseconds, in which the memory would stand idle, and then waits for it. Fetching changes no number.
/// </summary>
internal sealed unsafe class Prefetch
{
    private const int Line = 64;

    private Stream[] _streams = [];
    private int _sample;
    private int _stream;
    private int _linesATime;
    private byte* _next;
    private byte* _end;

    /// <summary>Whether this processor can be asked to fetch.</summary>
    public static bool IsSupported => Sse.IsSupported;

    /// <summary>Says what comes next.</summary>
    /// <param name="streams">The tensors that the pass reads.</param>
    /// <param name="sample">The next image.</param>
    /// <param name="times">How often <see cref="Fetch"/> will be called before it is needed.</param>
    public void Begin(Stream[] streams, int sample, int times)
    {
        long lines = 0;
        foreach (Stream stream in streams)
            lines += (stream.SampleSize * sizeof(float) + Line - 1) / Line;
        _linesATime = times == 0 ? 0 : (int)((lines + times - 1) / times);
        (_streams, _sample, _stream) = (streams, sample, 0);
        _next = _end = null;
    }

    /// <summary>Nothing comes next.</summary>
    public void Rest() => _linesATime = 0;

    /// <summary>Fetches the next share.</summary>
    public void Fetch()
    {
        if (!Sse.IsSupported)
            return;
        for (int lines = _linesATime; lines > 0; lines--, _next += Line)
        {
            while (_next >= _end)
            {
                if (_stream == _streams.Length)
                    return;
                Stream stream = _streams[_stream++];
                _next = (byte*)(stream.Data + (_sample * stream.SampleSize));
                _end = _next + (stream.SampleSize * sizeof(float));
            }
            Sse.Prefetch1(_next);
        }
    }

    /// <summary>A tensor of a batch.</summary>
    /// <param name="data">Its first image.</param>
    /// <param name="sampleSize">Floats an image.</param>
    public readonly struct Stream(float* data, long sampleSize)
    {
        public float* Data { get; } = data;

        public long SampleSize { get; } = sampleSize;
    }
}
