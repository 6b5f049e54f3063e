using LastBit.Files;

namespace LastBit.Data;

/// <summary>
/// CIFAR-100 (Krizhevsky, 2009) in its binary version: train.bin and test.bin with records of a coarse label (of 20), a fine label (of
/// 100), which is the class, and 3072 bytes of red, green and blue plane.
/// </summary>
internal static class Cifar100
{
    public const int Classes = 100, RecordBytes = 2 + Cifar10.ImageBytes;

    private const int CoarseClasses = 20;

    /// <summary>The two files; what checks them is the MD5 of the archive that they come from.</summary>
    public static IReadOnlyList<DataFile> Files { get; } =
        [new("train.bin", 50000 * RecordBytes, null), new("test.bin", 10000 * RecordBytes, null)];

    /// <summary>Reads the two files of a folder; they may have any number of records.</summary>
    /// <param name="folder">The folder, or the one above cifar-100-binary.</param>
    /// <exception cref="InputException">A file is missing or not what it should be.</exception>
    public static (RawImages Train, RawImages Test) Load(string folder)
    {
        string inner = Path.Combine(folder, "cifar-100-binary");
        if (!File.Exists(Path.Combine(folder, Files[0].Name)) && Directory.Exists(inner))
            folder = inner;
        if (!File.Exists(Path.Combine(folder, Files[0].Name)) && (string[])[folder, Path.Combine(folder, "cifar-100-python")] is var pythons
            && Array.Find(pythons, python => File.Exists(Path.Combine(python, "train"))) is { } found)
        {
            throw InputException.Of("data",
                $"{found} holds the Python version of CIFAR-100; the binary version ({Files[0].Name}, {Files[1].Name}) is needed: "
                + "run `lastbit data fetch cifar100`, or unpack cifar-100-binary.tar.gz beside it");
        }
        return (Read(Path.Combine(folder, Files[0].Name)), Read(Path.Combine(folder, Files[1].Name)));
    }

    private static RawImages Read(string path)
    {
        const string Wanted = "name a folder with the binary version of CIFAR-100 (train.bin, test.bin)";
        return Decode(InputFile.ReadAllBytes(path, 1 << 30, Wanted), path);
    }

    /// <summary>Splits records held in memory.</summary>
    public static RawImages Decode(ReadOnlySpan<byte> file, string path)
    {
        int count = file.Length / RecordBytes;
        if (count == 0 || file.Length % RecordBytes != 0)
            throw new InputException(
                $"{path}: is {file.Length} bytes long; a whole number of records of {RecordBytes} bytes would be right");
        byte[] images = new byte[count * Cifar10.ImageBytes], labels = new byte[count];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> record = file.Slice(i * RecordBytes, RecordBytes);
            if (record[0] >= CoarseClasses || record[1] >= Classes)
            {
                throw new InputException($"{path}: record {i} has the labels {record[0]} and {record[1]}; "
                    + $"0 to {CoarseClasses - 1} and 0 to {Classes - 1} would be right");
            }
            labels[i] = record[1];
            record[2..].CopyTo(images.AsSpan(i * Cifar10.ImageBytes));
        }
        return new RawImages(3, 32, 32, images, labels);
    }
}
