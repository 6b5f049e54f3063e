using System.Buffers.Binary;
using System.Text;
using LastBit.Imports.Reading;

namespace LastBit.Imports.Formats;

/// <summary>TensorBoard's event files: scalars as PyTorch (simple_value) and TensorFlow 2 (tensors) write them. A folder is a
/// run.</summary>
internal sealed class TensorBoardLog : ILogFormat
{
    private static readonly string[] Parts = ["train", "training", "val", "valid", "validation", "test", "eval"];

    /// <inheritdoc/>
    public RepeatRule? Repeats => RepeatRule.Resumed;

    /// <inheritdoc/>
    public LogFile? Recognise(FoundFile file, ImportOptions options)
    {
        if (!(file.IsNamed || file.Name.Contains("tfevents", StringComparison.Ordinal)) || !TfRecord.IsHead(file.Head))
            return null;
        string folder = FolderOf(file.Path);
        return new LogFile(file, this, "TensorBoard event file") { Source = IsPart(folder) ? FolderOf(folder) : folder };
    }

    /// <inheritdoc/>
    public void Read(LogFile log, ReadingContext context)
    {
        // Keras writes training and validation into two folders under one name of a metric; the folder above is the run.
        string folder = FolderOf(log.Path), prefix = IsPart(folder) ? Path.GetFileName(folder) + "/" : "";
        byte[]? wanted = context.Metric?.StartsWith(prefix, StringComparison.Ordinal) == true
            ? Encoding.UTF8.GetBytes(context.Metric[prefix.Length..]) : null;
        HashSet<string> tags = new(StringComparer.Ordinal);
        RawRun? run = null;
        int record = 0;
        using FileStream stream = new(log.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1 << 16);
        try
        {
            (string Why, long At)? end = TfRecord.Read(stream, data =>
            {
                record++;
                long step = 0;
                List<(byte[] Tag, double Value)> scalars = [];
                // Event: 2 step, 5 summary; a summary's 1 is a value.
                for (var written = new ProtobufReader(data.Span); written.Next();)
                {
                    if (written is { Field: 2, Bytes.IsEmpty: true })
                        step = (long)written.Number;
                    if (written.Field != 5)
                        continue;
                    for (var summary = new ProtobufReader(written.Bytes); summary.Next();)
                    {
                        if (summary.Field == 1 && Scalar(summary.Bytes, wanted) is { } scalar)
                            scalars.Add(scalar);
                    }
                }
                foreach ((byte[] tag, double value) in scalars)
                {
                    if (context.IsSurvey)
                        tags.Add(Encoding.UTF8.GetString(tag));
                    else if (wanted is not null)
                        (run ??= context.Run(log.Source, "")).Add(step, value, 0);
                }
            });
            if (end is { } cut)
                context.LeaveRowOut(log.Path, FormattableString.Invariant($"{cut.Why}; what follows byte {cut.At} was not read"), 0);
        }
        catch (InvalidDataException error)
        {
            throw new InputException(
                $"{log.Path}: record {record} is not an event of TensorBoard ({error.Message}); give the file as TensorBoard wrote it",
                error);
        }
        foreach (string tag in tags)
            context.Candidate(prefix + tag);
    }

    private static string FolderOf(string path) => Path.GetDirectoryName(path) is { Length: > 0 } parent ? parent : ".";

    private static bool IsPart(string folder) => Parts.Contains(Path.GetFileName(folder).ToLowerInvariant());

    /// <summary>A value of a summary: 1 tag, 2 simple_value, 8 tensor; null where it is no scalar, or not of the tag that is
    /// wanted.</summary>
    private static (byte[] Tag, double Value)? Scalar(ReadOnlySpan<byte> message, byte[]? wanted)
    {
        ReadOnlySpan<byte> tag = [];
        double? scalar = null;
        for (var value = new ProtobufReader(message); value.Next();)
        {
            if (value.Field == 1)
                tag = value.Bytes;
            else if (value.Field == 2)
                scalar = BitConverter.UInt32BitsToSingle((uint)value.Number);
            else if (value.Field == 8)
                scalar = Tensor(value.Bytes);
        }
        return scalar is { } number && (wanted is null || tag.SequenceEqual(wanted)) ? (tag.ToArray(), number) : null;
    }

    /// <summary>A tensor of one element: 1 its type, 2 its shape, 4 its bytes, 5 float_val, 6 double_val, 7 int_val, 10 int64_val, 13
    /// half_val.</summary>
    private static double? Tensor(ReadOnlySpan<byte> message)
    {
        ulong type = 0;
        ReadOnlySpan<byte> content = [];
        bool isScalar = true;
        List<ulong> values = [];
        for (var tensor = new ProtobufReader(message); tensor.Next();)
        {
            switch (tensor.Field)
            {
                case 1: type = tensor.Number; break;
                case 4: content = tensor.Bytes; break;
                case 5 or 6 or 7 or 10 or 13: tensor.Unpack(tensor.Field == 5 ? 4 : tensor.Field == 6 ? 8 : 0, values); break;
                case 2:
                    for (var shape = new ProtobufReader(tensor.Bytes); shape.Next();)
                    {
                        ulong size = 0;
                        for (var dimension = new ProtobufReader(shape.Field == 2 ? shape.Bytes : []); dimension.Next();)
                            size = dimension.Field == 1 ? dimension.Number : size;
                        isScalar &= shape.Field != 2 || size == 1;
                    }
                    break;
                default: break;
            }
        }
        // binary32, binary64, int32, int64, bfloat16, binary16.
        int bytes = type switch { 1 or 3 => 4, 2 or 9 => 8, 14 or 19 => 2, _ => 0 };
        if (!isScalar || bytes == 0 || !(content.Length == bytes || content.IsEmpty && values.Count == 1))
            return null;
        Span<byte> bits = stackalloc byte[8];
        bits.Clear();
        if (content.IsEmpty)
            BinaryPrimitives.WriteUInt64LittleEndian(bits, values[0]);
        else
            content.CopyTo(bits);
        return type switch
        {
            1 => BinaryPrimitives.ReadSingleLittleEndian(bits),
            2 => BinaryPrimitives.ReadDoubleLittleEndian(bits),
            3 => BinaryPrimitives.ReadInt32LittleEndian(bits),
            9 => BinaryPrimitives.ReadInt64LittleEndian(bits),
            14 => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(bits) << 16),
            _ => (double)BinaryPrimitives.ReadHalfLittleEndian(bits),
        };
    }
}
