using System.Text.Json.Serialization;

namespace LastBit.Data;

/// <summary>Where the images of a data set come from, beyond what its name says.</summary>
public sealed record DataOrigin
{
    /// <summary>SHA-256 over names and contents of the images' files, in order; null where a data set is known by its name.</summary>
    public string? Files { get; init; }

    /// <summary>What decoded the pixels, where decoders may differ in last bits; null otherwise.</summary>
    public string? Decoder { get; init; }

    /// <summary>SHA-256 of the decoded pixels, training images first; null where there is no <see cref="Decoder"/>.</summary>
    public string? Pixels { get; init; }

    /// <summary>What a reader of the results should know, in sentences.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>How many images there are of a class.</summary>
/// <param name="Name">Its name; its number where it has none.</param>
/// <param name="TrainImages">Training images.</param>
/// <param name="TestImages">Test images.</param>
public sealed record ClassImages(string Name, int TrainImages, int TestImages);

/// <summary>What a run says of its data, in run.json and in its results.</summary>
/// <param name="Channels">Planes of an image.</param>
/// <param name="Height">Rows that the network sees.</param>
/// <param name="Width">Columns that the network sees.</param>
/// <param name="TrainImages">Training images.</param>
/// <param name="TestImages">Test images.</param>
/// <param name="Classes">Images by class, in the order of the labels.</param>
/// <param name="Files"><see cref="DataOrigin.Files"/>.</param>
/// <param name="Decoder"><see cref="DataOrigin.Decoder"/>.</param>
/// <param name="Pixels"><see cref="DataOrigin.Pixels"/>.</param>
public sealed record DataFacts(
    int Channels, int Height, int Width, int TrainImages, int TestImages, IReadOnlyList<ClassImages> Classes,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Files = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Decoder = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Pixels = null)
{
    /// <summary>What a reader of the results should know, in sentences.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Notes { get; private init; } = [];

    /// <summary>In one line: "3 classes, 24 + 6 images: cat 8 + 2, dog 8 + 2, elk 8 + 2".</summary>
    public override string ToString()
    {
        const int Shown = 12;
        string more = Classes.Count > Shown ? ", ..." : "";
        return $"{NumberText.Count(Classes.Count)} class{(Classes.Count == 1 ? "" : "es")}, {NumberText.Count(TrainImages)} + "
            + $"{NumberText.Count(TestImages)} images: "
            + string.Join(", ",
                Classes.Take(Shown)
                    .Select(one =>
                        $"{ForeignText.Cut(one.Name)} {NumberText.Count(one.TrainImages)} + {NumberText.Count(one.TestImages)}")) + more;
    }

    /// <summary>The facts of training and test images.</summary>
    /// <param name="train">Training images.</param>
    /// <param name="test">Test images of the same shape.</param>
    public static DataFacts Of(Dataset train, Dataset test)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(test);
        int[] trainImages = Counts(train), testImages = Counts(test);
        ClassImages[] classes = [.. trainImages.Select((count, label) =>
            new ClassImages(train.ClassNames is { } names ? names[label] : NumberText.Count(label), count, testImages[label]))];
        string[] empty = [.. classes.Where(one => one.TrainImages == 0).Select(one => ForeignText.Cut(one.Name))];
        IEnumerable<string> notes = train.Origin.Notes;
        if (empty.Length > 0)
            notes = notes.Append(
                $"No training image is of the class{(empty.Length == 1 ? "" : "es")} "
                    + $"{string.Join(", ", empty.Take(5))}{(empty.Length > 5 ? ", ..." : "")}.");
        return new DataFacts(train.Shape.Channels, train.Shape.Height, train.Shape.Width, train.Count, test.Count, classes,
            train.Origin.Files, train.Origin.Decoder, train.Origin.Pixels)
        { Notes = [.. notes] };

        static int[] Counts(Dataset images)
        {
            int[] counts = new int[images.Shape.Classes];
            foreach (byte label in images.Labels)
                counts[label]++;
            return counts;
        }
    }
}
