using System.Buffers.Binary;
using Google.Protobuf;
using LastBit.Imports.Reading;

namespace LastBit.Imports.TensorBoard;

/// <summary>TensorBoard's event files: scalars as PyTorch (simple_value) and TensorFlow 2 (tensors) write them. A folder is a run.</summary>
internal static class TensorBoardLog
{
    private static readonly string[] Parts = ["train", "training", "val", "valid", "validation", "test", "eval"];

    /// <summary>Reads a file into the context.</summary>
    /// <exception cref="InputException">A record holds no event.</exception>
    public static void Read(string file, ReadingContext context)
    {
        string folder = Path.GetDirectoryName(file) is { Length: > 0 } parent ? parent : ".";
        string prefix = "";
        // Keras writes training and validation into two folders under one name of a metric; the folder above is the run.
        if (Parts.Contains(Path.GetFileName(folder).ToLowerInvariant()))
        {
            prefix = Path.GetFileName(folder) + "/";
            folder = Path.GetDirectoryName(folder) is { Length: > 0 } above ? above : ".";
        }
        HashSet<string> tags = new(StringComparer.Ordinal);
        RawRun? run = null;
        int record = 0;
        using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1 << 16);
        try
        {
            (string Why, long At)? end = TfRecord.Read(stream, data =>
            {
                record++;
                Event written = Event.Parser.ParseFrom(data.Span);
                if (written.Summary is not { } summary)
                    return;
                foreach (Summary.Types.Value value in summary.Value)
                {
                    if (context.IsSurvey)
                    {
                        if (!tags.Contains(value.Tag) && Scalar(value) is not null)
                            tags.Add(value.Tag);
                    }
                    else if (value.Tag.Length == context.Metric!.Length - prefix.Length && context.Metric.EndsWith(value.Tag, StringComparison.Ordinal)
                        && context.Metric.StartsWith(prefix, StringComparison.Ordinal) && Scalar(value) is { } scalar)
                    {
                        run ??= context.Run(folder, "");
                        run.Add(written.Step, scalar, 0);
                    }
                }
            });
            if (end is { } cut)
                context.LeaveRowOut(file, FormattableString.Invariant($"{cut.Why}; what follows byte {cut.At} was not read"), 0);
        }
        catch (InvalidProtocolBufferException error)
        {
            throw new InputException($"{file}: record {record} is not an event of TensorBoard ({ForeignText.Cut(error.Message, 200)}); give the file as TensorBoard wrote it", error);
        }
        foreach (string tag in tags)
            context.Candidate(prefix + tag);
    }

    private static double? Scalar(Summary.Types.Value value) => value.ValueCase switch
    {
        Summary.Types.Value.ValueOneofCase.SimpleValue => (double)value.SimpleValue,
        Summary.Types.Value.ValueOneofCase.Tensor => Scalar(value.Tensor),
        _ => null,
    };

    private static double? Scalar(Tensor tensor)
    {
        if (tensor.TensorShape is { } shape && shape.Dim.Any(dim => dim.Size != 1))
            return null;
        ReadOnlySpan<byte> content = tensor.TensorContent.Span;
        return tensor.Dtype switch
        {
            1 when content.Length == 4 => (double)BinaryPrimitives.ReadSingleLittleEndian(content),
            1 when tensor.FloatVal.Count == 1 => (double)tensor.FloatVal[0],
            2 when content.Length == 8 => BinaryPrimitives.ReadDoubleLittleEndian(content),
            2 when tensor.DoubleVal.Count == 1 => tensor.DoubleVal[0],
            3 when content.Length == 4 => BinaryPrimitives.ReadInt32LittleEndian(content),
            3 when tensor.IntVal.Count == 1 => tensor.IntVal[0],
            9 when content.Length == 8 => BinaryPrimitives.ReadInt64LittleEndian(content),
            9 when tensor.Int64Val.Count == 1 => tensor.Int64Val[0],
            14 when content.Length == 2 => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(content) << 16),
            14 when tensor.HalfVal.Count == 1 => BitConverter.Int32BitsToSingle(tensor.HalfVal[0] << 16),
            19 when content.Length == 2 => (double)BinaryPrimitives.ReadHalfLittleEndian(content),
            19 when tensor.HalfVal.Count == 1 => (double)BitConverter.UInt16BitsToHalf((ushort)tensor.HalfVal[0]),
            _ => null,
        };
    }
}
