using System.Globalization;
using System.Text.RegularExpressions;
using LastBit.Experiments.Authors;
using LastBit.Files;
using LastBit.Imports.Reading;

namespace LastBit.Imports.Formats;

/// <summary>NumPy arrays: a curve (one dimension), in the authors' layout seedS/testI.npy or any other, and correctness matrices of bytes
/// or booleans.</summary>
internal sealed partial class NpyLog : ILogFormat
{
    /// <summary>The name of the metric of a curve that has no other.</summary>
    public const string Metric = "accuracy";

    /// <inheritdoc/>
    public LogFile? Recognise(FoundFile file, ImportOptions options)
    {
        if (file.Head is not [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', ..])
            return null;
        // A correctness matrix beside logs belongs to them; only where there are no others it is the log.
        bool isCompanion = file.Name.EndsWith(".correct.npy", StringComparison.Ordinal) || IsLabels(file.Name);
        return new LogFile(file, this, isCompanion ? "correctness of each image" : "NumPy array") { IsCompanion = isCompanion };
    }

    /// <inheritdoc/>
    public void Read(LogFile log, ReadingContext context)
    {
        string file = log.Path;
        NumericArray array = Npy.Read(file);
        if (IsLabels(log.File.Name))
        {
            ReadLabels(file, array, context);
            return;
        }
        if (array.ElementType == typeof(byte) || array.ElementType == typeof(bool) || array.Shape.Length == 2)
        {
            ReadCorrectness(file, array, context);
            return;
        }
        if (array.Shape is not [> 0])
        {
            throw new InputException($"{file}: has the shape ({string.Join(", ", array.Shape)}); a curve has one dimension, "
                + "and a correctness matrix two (runs x images)");
        }
        context.Candidate(Metric);
        if (!context.Wants(Metric))
            return;
        double[] values = array.ToDoubles();
        RawRun run = context.Run(file, "");
        run.IsTold = true;
        for (int i = 0; i < values.Length; i++)
            run.Add(i + 1, values[i], 0);
        Match match = AuthorsName().Match(file.Replace('\\', '/'));
        if (match.Success && context.Options.Runs is null
            && int.TryParse(match.Groups[2].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
        {
            run.Seed = match.Groups[1].Value;
            run.K = AuthorsLayout.KOfFile(number).ToString(CultureInfo.InvariantCulture);
        }
    }

    private static bool IsLabels(string name) => name is "labels.npy" || name.EndsWith(".labels.npy", StringComparison.Ordinal);

    private static void ReadLabels(string file, NumericArray array, ReadingContext context)
    {
        int[] labels = LabelsOf(file, array);
        if (context.Labels is { } other && !other.AsSpan().SequenceEqual(labels))
            throw new InputException(
                $"{file}: the labels differ from those of another file; the test images must be the same in the same order");
        context.Labels = labels;
    }

    /// <summary>The class of each test image.</summary>
    /// <exception cref="InputException">The file holds something else.</exception>
    public static int[] LabelsOf(string file) => LabelsOf(file, Npy.Read(file));

    private static int[] LabelsOf(string file, NumericArray array)
    {
        if (array.Shape is not [> 0])
            throw new InputException(
                $"{file}: has the shape ({string.Join(", ", array.Shape)}); labels are a list, the class of each image");
        int[] labels = array.ElementType == typeof(int) ? array.Get<int>()
            : array.ElementType == typeof(byte) ? [.. array.Get<byte>().Select(label => (int)label)]
            : array.ElementType == typeof(long) ? [.. array.Get<long>()
                .Select(label => label is >= 0 and <= int.MaxValue ? (int)label : -1)]
            : throw new InputException($"{file}: holds {array.ElementType.Name}; labels are integers");
        return Array.FindIndex(labels, label => label < 0) is >= 0 and int bad
            ? throw new InputException($"{file}: the label of image {bad + 1} is not a class; classes are whole numbers from 0") : labels;
    }

    private static void ReadCorrectness(string file, NumericArray array, ReadingContext context)
    {
        byte[] values = CorrectnessOf(file, array);
        if (context.OnlyArrays)
            context.Candidate(CorrectnessCsv.Metric);
        if (context.IsSurvey)
            return;
        int images = array.Shape[^1], rows = array.Shape.Length == 1 ? 1 : array.Shape[0];
        for (int row = 0; row < rows; row++)
        {
            byte[] correct = values.AsSpan(row * images, images).ToArray();
            string inner = rows == 1 ? "" : FormattableString.Invariant($"row {row + 1}");
            RawRun run = context.OnlyArrays ? context.Run(file, inner) : new RawRun(file, inner);
            run.IsTold = true;
            run.Add(1, 100.0 * correct.Sum(image => image) / images, 0);
            context.Correctness.Add(new CorrectnessRow(run, correct));
        }
    }

    /// <summary>Which test image one run classifies correctly.</summary>
    /// <exception cref="InputException">The file holds something else.</exception>
    public static byte[] CorrectnessOf(string file)
    {
        NumericArray array = Npy.Read(file);
        return array.Shape is [> 0] ? CorrectnessOf(file, array)
            : throw new InputException($"{file}: has the shape ({string.Join(", ", array.Shape)}); one number per test image is right");
    }

    private static byte[] CorrectnessOf(string file, NumericArray array)
    {
        if (array.Shape is not ([> 0] or [> 0, > 0]))
            throw new InputException($"{file}: has the shape ({string.Join(", ", array.Shape)}); a correctness matrix is runs x images");
        byte[] values = array.ElementType == typeof(byte) ? array.Get<byte>()
            : [.. array.ToDoubles().Select((value, i) => value is 0 or 1 ? (byte)value : throw Neither(i, value))];
        return values.AsSpan().IndexOfAnyExceptInRange((byte)0, (byte)1) is >= 0 and int bad ? throw Neither(bad, values[bad]) : values;

        InputException Neither(int i, double value) => new(string.Create(CultureInfo.InvariantCulture,
            $"{file}: value {i + 1} is {value}; a correctness matrix (runs x images) holds 1 for correct and 0 for wrong, and a curve has "
                + $"one dimension"));
    }

    [GeneratedRegex(@"(?:^|/)seed([0-9]+)/test([1-9][0-9]{0,4})\.npy$", RegexOptions.CultureInvariant)]
    private static partial Regex AuthorsName();
}
