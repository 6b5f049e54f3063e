namespace LastBit.Data;

/// <summary>
/// MNIST (LeCun, Cortes, Burges), Fashion-MNIST (Xiao, Rasul, Vollgraf, 2017) and whatever has their files: 60,000 and 10,000 grey images
/// of 28 x 28 pixels in ten classes. The networks get them padded to 32 x 32.
/// </summary>
internal static class Mnist
{
    private const string TrainImages = "train-images-idx3-ubyte", TrainLabels = "train-labels-idx1-ubyte";

    private const string TestImages = "t10k-images-idx3-ubyte", TestLabels = "t10k-labels-idx1-ubyte";

    public const int Classes = 10;

    /// <summary>The files of MNIST.</summary>
    public static IReadOnlyList<DataFile> Files { get; } =
    [
        new(TrainImages, 47040016, "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
        new(TrainLabels, 60008, "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
        new(TestImages, 7840016, "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
        new(TestLabels, 10008, "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
    ];

    /// <summary>The files of Fashion-MNIST, with the MD5 of each when unpacked.</summary>
    public static IReadOnlyList<DataFile> FashionFiles { get; } =
    [
        new(TrainImages, 47040016, "f4a8712d7a061bf5bd6d2ca38dc4d50a"),
        new(TrainLabels, 60008, "9018921c3c673c538a1fc5bad174d6f9"),
        new(TestImages, 7840016, "8181f5470baa50b63fa0f6fddb340f0a"),
        new(TestLabels, 10008, "15d484375f8d13e6eb1aabb0c3f46965"),
    ];

    /// <summary>Reads the four files of a folder, each as it is or as .gz.</summary>
    /// <param name="folder">The folder, or one above (MNIST/raw, FashionMNIST/raw, as PyTorch lays them).</param>
    /// <exception cref="InputException">A file is missing or not what it should be, or they do not fit together.</exception>
    public static (RawImages Train, RawImages Test) Load(string folder)
    {
        foreach (string inner in (string[])["MNIST/raw", "FashionMNIST/raw"])
        {
            if (Find(folder, TrainImages) is null && Directory.Exists(Path.Combine(folder, inner)))
                folder = Path.Combine(folder, inner);
        }
        RawImages train = Read(folder, TrainImages, TrainLabels), test = Read(folder, TestImages, TestLabels);
        if ((train.Height, train.Width) != (test.Height, test.Width))
        {
            throw new InputException($"{folder}: the training images have {train.Width} x {train.Height} pixels and the test images "
                + $"{test.Width} x {test.Height}; they must be alike");
        }
        return (train, test);
    }

    private static RawImages Read(string folder, string imagesName, string labelsName)
    {
        string imagesPath = FindOrThrow(folder, imagesName), labelsPath = FindOrThrow(folder, labelsName);
        (int[] extents, byte[] images) = IdxFile.Read(imagesPath, 3);
        byte[] labels = IdxFile.Read(labelsPath, 1).Values;
        if (labels.Length != extents[0])
            throw new InputException(
                $"{labelsPath}: holds {labels.Length} labels for the {extents[0]} images of {imagesName}; there must be one per image");
        int bad = labels.AsSpan().IndexOfAnyExceptInRange((byte)0, (byte)(Classes - 1));
        if (bad >= 0)
            throw new InputException($"{labelsPath}: label {bad} is {labels[bad]}; 0 to {Classes - 1} would be right");
        return new RawImages(1, extents[1], extents[2], images, labels);
    }

    private static string FindOrThrow(string folder, string name) => Find(folder, name)
        ?? throw new InputException(
            $"{Path.Combine(folder, name)}: is missing, and so is {name}.gz; name a folder with the four files of MNIST's format");

    // Some copies have a full stop where the original has a dash.
    private static string? Find(string folder, string name) =>
        new[] { name, name + ".gz", name.Replace("-idx", ".idx", StringComparison.Ordinal),
            name.Replace("-idx", ".idx", StringComparison.Ordinal) + ".gz" }
            .Select(file => Path.Combine(folder, file)).FirstOrDefault(File.Exists);
}
