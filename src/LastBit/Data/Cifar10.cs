namespace LastBit.Data;

/// <summary>
/// CIFAR-10 (Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009) in its binary version: six files of
/// 10000 records, each of one label byte and 3072 bytes of red, green and blue plane.
/// </summary>
public static class Cifar10
{
    /// <summary>The value of --data that means the sample inside the program.</summary>
    public const string Sample = "sample";

    /// <summary>What the labels 0 .. 9 mean.</summary>
    public static IReadOnlyList<string> ClassNames { get; } =
        ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

    internal const int Pixels = 32 * 32, ImageBytes = 3 * Pixels;

    internal const int RecordBytes = 1 + ImageBytes;

    // The six files with their SHA-256; the last is the test set.
    internal static IReadOnlyList<DataFile> Files { get; } =
    [
        new("data_batch_1.bin", 10000 * RecordBytes, "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"),
        new("data_batch_2.bin", 10000 * RecordBytes, "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"),
        new("data_batch_3.bin", 10000 * RecordBytes, "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"),
        new("data_batch_4.bin", 10000 * RecordBytes, "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"),
        new("data_batch_5.bin", 10000 * RecordBytes, "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"),
        new("test_batch.bin", 10000 * RecordBytes, "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"),
    ];

    /// <summary>Loads the training and the test images.</summary>
    /// <param name="data">
    /// As on the command line: null for CIFAR-10 from the cache (<see cref="DataCache.Cifar10Folder"/>), "sample" for the sample inside the
    /// program, anything else is a folder with the six binary files, or with the folder cifar-10-batches-bin that holds them.
    /// </param>
    /// <param name="trainSize">How many training images to keep, the first in file order; null for all.</param>
    /// <returns>50000 and 10000 images, or 1000 and 500 of the sample, less what <paramref name="trainSize"/> cuts off.</returns>
    /// <exception cref="InputException">A file is missing, cut short, too long or altered, or there are fewer training images than asked
    /// for.</exception>
    public static (Dataset Train, Dataset Test) Load(string? data, int? trainSize = null)
    {
        (Dataset train, Dataset test) = data == Sample ? LoadSample() : LoadFolder(FindFolder(data), Files);
        return (trainSize is int size ? DataSets.TakeFirst(train, size) : train, test);
    }

    /// <summary>Whether a folder has six files of the right names and sizes: a quick look, which an altered file passes.</summary>
    /// <param name="folder">The folder; it need not exist.</param>
    /// <returns>True if all are there.</returns>
    public static bool SeemsComplete(string folder) =>
        Files.All(file => new FileInfo(Path.Combine(folder, file.Name)) is { Exists: true } info && info.Length == file.Bytes);

    /// <summary>
    /// Whether the sample inside the program is what it says: the first 100 (training) and 50 (test) images of each class.
    /// </summary>
    /// <param name="train">The 50000 training images.</param>
    /// <param name="test">The 10000 test images.</param>
    /// <returns>True if every byte agrees.</returns>
    public static bool SampleIsTakenFrom(Dataset train, Dataset test)
    {
        (Dataset sampleTrain, Dataset sampleTest) = LoadSample();
        return SameBytes(sampleTrain, train.FirstOfEachClass(100)) && SameBytes(sampleTest, test.FirstOfEachClass(50));
    }

    internal static IReadOnlyList<FileState> Check(string folder, IReadOnlyList<DataFile> files) =>
        [.. files.Select(file =>
        {
            file.Read(folder, out string? problem);
            return new FileState(file.Name, problem);
        })];

    internal static (Dataset Train, Dataset Test) LoadFolder(string folder, IReadOnlyList<DataFile> files)
    {
        byte[][] contents = [.. files.Select(file => file.Read(folder))];
        return (FromRecords(contents.AsSpan(..^1)), FromRecords(contents.AsSpan(^1..)));
    }

    internal static RawData Raw((Dataset Train, Dataset Test) data)
    {
        return new RawData(Of(data.Train), Of(data.Test), data.Train.Shape.Classes) { ClassNames = ClassNames };

        static RawImages Of(Dataset images) =>
            new(images.Shape.Channels, images.Shape.Height, images.Shape.Width, images.Images, images.Labels);
    }

    // Splits records of label and planes.
    internal static Dataset FromRecords(params ReadOnlySpan<byte[]> contents)
    {
        int count = 0;
        foreach (byte[] content in contents)
            count += content.Length / RecordBytes;
        byte[] images = new byte[count * ImageBytes], labels = new byte[count];
        int i = 0;
        foreach (byte[] content in contents)
        {
            if (content.Length % RecordBytes != 0)
                throw new InputException(
                    $"CIFAR-10: {content.Length} bytes are not records of {RecordBytes} bytes each; a file of the binary version is right");
            for (int offset = 0; offset < content.Length; offset += RecordBytes, i++)
            {
                labels[i] = content[offset] < 10 ? content[offset]
                    : throw new InputException($"CIFAR-10: record {i} has the label {content[offset]}; 0 to 9 would be right");
                content.AsSpan(offset + 1, ImageBytes).CopyTo(images.AsSpan(i * ImageBytes));
            }
        }
        return new Dataset(DatasetShape.Cifar10, Normalization.Paper, images, labels) { Augmentation = AugmentationSettings.Cifar };
    }

    private static bool SameBytes(Dataset a, Dataset b) =>
        a.Labels.AsSpan().SequenceEqual(b.Labels) && a.Images.AsSpan().SequenceEqual(b.Images);

    private static (Dataset Train, Dataset Test) LoadSample()
    {
        return (FromRecords(Resource("train.bin")), FromRecords(Resource("test.bin")));

        static byte[] Resource(string name)
        {
            using Stream stream = typeof(Cifar10).Assembly.GetManifestResourceStream("LastBit.Data.Sample." + name)!;
            byte[] content = new byte[stream.Length];
            stream.ReadExactly(content);
            return content;
        }
    }

    private static string FindFolder(string? data)
    {
        string folder = data ?? DataCache.Cifar10Folder;
        if (!Directory.Exists(folder))
        {
            throw InputException.Of("data", data is null
                ? $"CIFAR-10 is not in {folder} yet; run `lastbit data fetch`, name a folder that has it, or take the sample"
                : $"there is no folder {data}; name one with the binary version of CIFAR-10 ({Files[0].Name} ...), or take the sample");
        }
        string inner = Path.Combine(folder, DataCache.Cifar10Name);
        if (!File.Exists(Path.Combine(folder, Files[0].Name)) && Directory.Exists(inner))
            return inner;
        foreach (string python in (string[])[folder, Path.Combine(folder, "cifar-10-batches-py")])
        {
            if (File.Exists(Path.Combine(python, "data_batch_1")) && !File.Exists(Path.Combine(folder, Files[0].Name)))
            {
                throw InputException.Of("data",
                    $"{python} holds the Python version of CIFAR-10; the binary version ({Files[0].Name} ...) is needed: "
                    + "run `lastbit data fetch`, or unpack cifar-10-binary.tar.gz beside it");
            }
        }
        return folder;
    }
}
