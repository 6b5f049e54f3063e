using LastBit.Arithmetic;
using LastBit.Models;

namespace LastBit.Engines.OpenCl;

/// <summary>
/// A batch in a device's memory. Images are copied aside and brought there behind what is queued: nobody waits, unless the batch before the
/// last one is still on its way.
/// </summary>
internal sealed unsafe class OpenClBatch : IBatch
{
    private readonly HostBatch _given;
    private readonly OpenClProgram _program;
    private readonly Staging[] _staging;
    private int _next;

    public OpenClBatch(OpenClProgram program, Model model, int capacity)
    {
        (_program, _given) = (program, new HostBatch(model, capacity));
        Images = program.Allocate((long)capacity * model.ImageFloats);
        Labels = program.Allocate(capacity);
        if (model.Nodes.Any(node => node.Layer is Dropout))
            Places = program.Allocate(capacity);
        _staging = [new(capacity, model.ImageFloats), new(capacity, model.ImageFloats)];
    }

    /// <summary>Its images.</summary>
    public OpenClBuffer Images { get; }

    /// <summary>Their labels.</summary>
    public OpenClBuffer Labels { get; }

    /// <summary>The places of the images in the batch as the plain run has it; null where no layer draws.</summary>
    public OpenClBuffer? Places { get; }

    /// <summary>How many there are.</summary>
    public int Count => _given.Labels.Length;

    /// <inheritdoc/>
    public void Write(ReadOnlyMemory<float> images, ReadOnlyMemory<int> labels, ReadOnlyMemory<int> places = default)
    {
        _given.Write(images, labels, places);
        Staging staging = _staging[_next];
        _next = 1 - _next;
        staging.Wait(_program);
        images.Span.CopyTo(staging.Images.Span);
        labels.Span.CopyTo(staging.Labels.Span);
        for (int i = 0; i < labels.Length; i++)
            staging.Places.Span[i] = _given.PlaceOf(i);
        staging.Add(_program.WriteLater(staging.Images.Pointer, (long)images.Length * sizeof(float), Images));
        staging.Add(_program.WriteLater(staging.Labels.Pointer, (long)labels.Length * sizeof(int), Labels));
        if (Places is not null)
            staging.Add(_program.WriteLater(staging.Places.Pointer, (long)labels.Length * sizeof(int), Places));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Staging staging in _staging)
        {
            staging.LetGo(_program);
            staging.Images.Dispose();
            staging.Labels.Dispose();
            staging.Places.Dispose();
        }
        Images.Dispose();
        Labels.Dispose();
        Places?.Dispose();
    }

    /// <summary>Memory of the host that a transfer reads.</summary>
    private sealed class Staging(int capacity, int imageFloats)
    {
        private readonly List<nint> _transfers = [];

        public AlignedBuffer<float> Images { get; } = new((long)capacity * imageFloats);

        public AlignedBuffer<int> Labels { get; } = new(capacity);

        public AlignedBuffer<int> Places { get; } = new(capacity);

        public void Add(nint transfer) => _transfers.Add(transfer);

        public void LetGo(OpenClProgram program)
        {
            _transfers.ForEach(program.LetGo);
            _transfers.Clear();
        }

        public void Wait(OpenClProgram program)
        {
            _transfers.ForEach(program.Wait);
            _transfers.Clear();
        }
    }
}
