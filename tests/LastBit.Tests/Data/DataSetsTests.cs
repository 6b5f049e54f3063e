using System.Buffers.Binary;
using System.IO.Compression;
using LastBit.Data;
using LastBit.Experiments.Train;
using LastBit.Tests.Experiments;
using LastBit.Tests.Files;

namespace LastBit.Tests.Data;

public sealed class DataSetsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void MNIST_is_read_packed_or_not_and_padded_to_32(bool packed)
    {
        byte[] images = WriteMnist(packed);
        (Dataset train, Dataset test) = Load($"mnist={_folder.Path}");
        Assert.Equal(new DatasetShape(1, 32, 32, 10), train.Shape);
        Assert.Equal((12, 5), (train.Count, test.Count));
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1], train.Labels);
        for (int y = 0; y < 32; y++)
            for (int x = 0; x < 32; x++)
                Assert.Equal(y is >= 2 and < 30 && x is >= 2 and < 30 ? images[784 + (y - 2) * 28 + x - 2] : 0, train.Image(1)[y * 32 + x]);
        // Mean and deviation are those of the images before the padding.
        double mean = images.Average(value => value / 255.0), deviation =
            Math.Sqrt(images.Average(value => Math.Pow(value / 255.0 - mean, 2)));
        Assert.Equal(mean, train.Normalization.Mean[0], 1e-12);
        Assert.Equal(deviation, train.Normalization.Deviation[0], 1e-12);
        Assert.Same(train.Normalization, test.Normalization);
        Assert.Equal(AugmentationSettings.None, train.Augmentation);
        Assert.Equal(train.Normalization.Mean, Load($"fashion-mnist={_folder.Path}", trainSize: 3).Train.Normalization.Mean);
    }

    [Fact]
    public void Files_that_are_not_MNISTs_are_refused_with_the_reason()
    {
        WriteMnist(false);
        string images = _folder["train-images-idx3-ubyte"], labels = _folder["train-labels-idx1-ubyte"];
        byte[] goodImages = File.ReadAllBytes(images), goodLabels = File.ReadAllBytes(labels);
        Refused("holds 9407 values where 12 x 28 x 28 are announced; it is truncated", images, goodImages[..^1]);
        Refused("it is too long", images, [.. goodImages, 0]);
        Refused("is not a file of MNIST's format", images, [1, 2, 3]);
        Refused("holds values of type 0x0D in 3 dimensions", images, [0, 0, 13, .. goodImages[3..]]);
        Refused("says that it has 4294967295 entries", images, [0, 0, 8, 3, 255, 255, 255, 255, .. goodImages[8..]]);
        Refused("it is truncated", images, Gzip(goodImages)[..100]);
        Refused("its compressed data is damaged or ends early, after 0 bytes of what it holds; get the file again",
            images, [.. Gzip(goodImages)[..10], 0xff, 0xff, 0xff]);
        File.WriteAllBytes(images, goodImages);
        Refused("label 0 is 10; 0 to 9 would be right", labels, [.. goodLabels[..8], 10, .. goodLabels[9..]]);
        Refused("holds 11 labels for the 12 images", labels, [0, 0, 8, 1, 0, 0, 0, 11, .. goodLabels[9..]]);
        File.Delete(labels);
        Assert.Contains("is missing, and so is train-labels-idx1-ubyte.gz", Refusal($"mnist={_folder.Path}"), StringComparison.Ordinal);

        void Refused(string reason, string file, byte[] content)
        {
            File.WriteAllBytes(file, content);
            string message = Refusal($"mnist={_folder.Path}");
            Assert.StartsWith(file + ": ", message, StringComparison.Ordinal);
            Assert.Contains(reason, message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void CIFAR_100_takes_the_fine_label_and_the_augmentation_of_CIFAR()
    {
        var random = new System.Random(1);
        byte[] train = new byte[4 * Cifar100.RecordBytes], test = new byte[2 * Cifar100.RecordBytes];
        random.NextBytes(train);
        random.NextBytes(test);
        for (int i = 0; i < 4; i++)
            (train[i * Cifar100.RecordBytes], train[i * Cifar100.RecordBytes + 1]) = (19, (byte)(96 + i));
        for (int i = 0; i < 2; i++)
            (test[i * Cifar100.RecordBytes], test[i * Cifar100.RecordBytes + 1]) = (0, (byte)i);
        File.WriteAllBytes(_folder["train.bin"], train);
        File.WriteAllBytes(_folder["test.bin"], test);
        (Dataset read, Dataset readTest) = Load($"cifar100={_folder.Path}");
        Assert.Equal(new DatasetShape(3, 32, 32, 100), read.Shape);
        Assert.Equal([96, 97, 98, 99], read.Labels);
        Assert.Equal([0, 1], readTest.Labels);
        Assert.Equal(train[(Cifar100.RecordBytes + 2)..(2 * Cifar100.RecordBytes)], read.Image(1).ToArray());
        Assert.Equal(AugmentationSettings.Cifar, read.Augmentation);

        train[1] = 100;
        File.WriteAllBytes(_folder["train.bin"], train);
        Assert.Contains("record 0 has the labels 19 and 100", Refusal($"cifar100={_folder.Path}"), StringComparison.Ordinal);
        File.WriteAllBytes(_folder["train.bin"], train[..^1]);
        Assert.Contains("a whole number of records of 3074 bytes would be right", Refusal($"cifar100={_folder.Path}"),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_folder_of_images_has_its_classes_in_the_order_of_their_names(bool split)
    {
        foreach ((string part, int count) in split ? new[] { ("train", 4), ("test", 1) } : [("", 5)])
        {
            foreach (string name in (string[])["b", "a"])
            {
                Directory.CreateDirectory(_folder[Path.Combine(part, name)]);
                for (int i = 0; i < count; i++)
                    WritePng(Path.Combine(part, name, $"{i}.png"), 6, 5, name == "b" && i == 0 ? 2 : 0);
            }
        }
        File.WriteAllText(_folder[Path.Combine(split ? "train" : "", "a", "notes.txt")], "passed over");
        (Dataset train, Dataset test) = Load($"images={_folder.Path}");
        Assert.Equal(new DatasetShape(3, 5, 6, 2), train.Shape);
        Assert.Equal([0, 0, 0, 0, 1, 1, 1, 1], train.Labels);
        Assert.Equal([0, 1], test.Labels);
        Assert.Equal(train.Image(0)[..30].ToArray(),
            train.Image(0)[30..60].ToArray()); // Grey in three channels, since one image has colours.
        Assert.NotEqual(train.Image(4)[..30].ToArray(), train.Image(4)[30..60].ToArray());
    }

    [Fact]
    public void Images_that_do_not_go_together_are_refused_with_the_reason()
    {
        Assert.Contains("has 0 folders; 2 to 256 are needed, one per class, with PNG or JPEG images in them",
            Refusal($"images={_folder.Path}"), StringComparison.Ordinal);
        foreach (string name in (string[])["b", "a"])
        {
            Directory.CreateDirectory(_folder[name]);
            for (int i = 0; i < 5; i++)
                WritePng(Path.Combine(name, $"{i}.png"), 4, 4, 0);
        }
        Assert.Equal(new DatasetShape(1, 4, 4, 2), Load($"images={_folder.Path}").Train.Shape);
        WritePng(Path.Combine("b", "3.png"), 4, 5, 0);
        Assert.Contains("is 4 x 5 pixels large where", Refusal($"images={_folder.Path}"), StringComparison.Ordinal);
        WritePng(Path.Combine("b", "3.png"), 4, 4, 6);
        Assert.Contains("has transparent pixels", Refusal($"images={_folder.Path}"), StringComparison.Ordinal);
    }

    [Fact]
    public void Mean_deviation_and_augmentation_are_settings()
    {
        WriteMnist(false);
        (Dataset train, Dataset test) = DataSets.Load(new DataSettings
        {
            Data = $"mnist={_folder.Path}",
            Mean = [0.5],
            Deviation = [0.25],
            Augmentation = "crop2+flip",
            TrainSize = 7,
        });
        Assert.Equal(7, train.Count);
        Assert.Equal(1f, train.Normalization[0, 255] / 2);
        Assert.Equal(new AugmentationSettings(2, true), train.Augmentation);
        Assert.Equal(5, test.Count);
        Assert.Contains("3 and 3 numbers are given for images of 1 channel", Assert.Throws<InputException>(() => DataSets.Load(
            new DataSettings { Data = $"mnist={_folder.Path}", Mean = [1, 2, 3], Deviation = [1, 2, 3] })).Message,
            StringComparison.Ordinal);
        Assert.Throws<InputException>(() =>
            DataSets.Load(new DataSettings { Data = $"mnist={_folder.Path}", Mean = [0.5], Deviation = [0] }));
        Assert.Throws<InputException>(() => DataSets.Load(new DataSettings { Data = "sample", Mean = [0.5, 0.5, 0.5] }));
    }

    [Theory]
    [InlineData("none", 0, false)]
    [InlineData("flip", 0, true)]
    [InlineData("crop", 4, false)]
    [InlineData("crop2+flip", 2, true)]
    [InlineData("flip+crop64", 64, true)]
    public void Augmentation_is_read_from_words(string text, int padding, bool flip)
    {
        Assert.Equal(new AugmentationSettings(padding, flip), AugmentationSettings.Parse(text));
        Assert.Equal(new AugmentationSettings(padding, flip), AugmentationSettings.Parse(AugmentationSettings.Parse(text).ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("crop0")]
    [InlineData("crop65")]
    [InlineData("crop-1")]
    [InlineData("flip+flip")]
    [InlineData("none+flip")]
    [InlineData("crop4+crop4")]
    [InlineData("mirror")]
    public void Other_words_are_refused(string text) =>
        Assert.StartsWith("augmentation: ", Assert.Throws<InputException>(() => AugmentationSettings.Parse(text)).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Data_is_named_as_the_documentation_says()
    {
        Assert.Equal(["cifar10", "cifar100", "mnist", "fashion-mnist", "images"], DataSets.All.Select(set => set.Name));
        Assert.Equal(1000, Load("sample").Train.Count);
        Assert.Equal($"mnist={Path.GetFullPath("x")}", DataSets.WithFullPath("mnist=x"));
        Assert.Equal(Path.GetFullPath("cifar"), DataSets.WithFullPath("cifar"));
        Assert.All((string?[])[null, "sample", "mnist"], data => Assert.Equal(data, DataSets.WithFullPath(data)));
        Assert.Contains("'images=' names no folder; write images=DIR", Refusal("images="), StringComparison.Ordinal);
        Assert.Equal(Path.GetFullPath("images"), DataSets.WithFullPath("images")); // A folder of that name: the cache cannot have it.
        Assert.Contains("there is no data set 'svhn'; give one of cifar10, cifar100, mnist, fashion-mnist, images", Refusal("svhn=x"),
            StringComparison.Ordinal);
        Assert.Contains("there is no folder", Refusal($"mnist={_folder["none"]}"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_images_prepared_otherwise_have_another_digest()
    {
        string paper = Load("sample").Train.Digest();
        Assert.Equal(paper, DataSets.Load(new DataSettings { Data = "sample", Augmentation = "crop4+flip" }).Train.Digest());
        Assert.NotEqual(paper, DataSets.Load(new DataSettings { Data = "sample", Augmentation = "flip" }).Train.Digest());
        Assert.NotEqual(paper, DataSets.Load(new DataSettings { Data = "sample", Mean = [0, 0, 0], Deviation = [1, 1, 1] }).Train.Digest());
    }

    [Fact]
    public void A_network_trains_on_MNIST_from_files_to_a_result()
    {
        WriteMnist(true);
        var settings = new TrainingRunSettings { Network = "resnet8", Data = $"mnist={_folder.Path}", Epochs = 1, BatchSize = 4 };
        using var output = new TemporaryFolder();
        TrainingRunResult result =
            TrainingRun.Experiment.Run(settings, TrainingContext.In(output.Path, 1, new Silent(), TestContext.Current.CancellationToken));
        Assert.Equal(3, result.StepsDone);
        Assert.True(double.IsFinite(result.Epochs[0].TrainLoss!.Value));
    }

    private byte[] WriteMnist(bool packed)
    {
        var random = new System.Random(2);
        byte[] trainImages = new byte[12 * 784], testImages = new byte[5 * 784];
        random.NextBytes(trainImages);
        random.NextBytes(testImages);
        Write("train-images-idx3-ubyte", trainImages, 12, 28, 28);
        Write("train-labels-idx1-ubyte", [.. Enumerable.Range(0, 12).Select(i => (byte)(i % 10))], 12);
        Write("t10k-images-idx3-ubyte", testImages, 5, 28, 28);
        Write("t10k-labels-idx1-ubyte", [1, 2, 3, 4, 5], 5);
        return trainImages;

        void Write(string name, byte[] values, params int[] extents)
        {
            byte[] file = new byte[4 + 4 * extents.Length + values.Length];
            (file[2], file[3]) = (8, (byte)extents.Length);
            for (int i = 0; i < extents.Length; i++)
                BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(4 + 4 * i), extents[i]);
            values.CopyTo(file, 4 + 4 * extents.Length);
            File.WriteAllBytes(_folder[packed ? name + ".gz" : name], packed ? Gzip(file) : file);
        }
    }

    private static byte[] Gzip(byte[] content)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write(content);
        return packed.ToArray();
    }

    [Fact]
    public void A_file_that_is_there_packed_is_checked_by_what_it_unpacks_to()
    {
        byte[] content = [1, 2, 3, 4];
        var file = new DataFile("labels", content.Length, DataFile.Sha256(content));
        File.WriteAllBytes(_folder["labels.gz"], Gzip(content));
        Assert.Equal(content, file.Read(_folder.Path));
        Assert.Null(new DataFile("labels", 3, null).Read(_folder.Path, out string? problem));
        Assert.Equal("unpacks to more than 3 bytes", problem);
        Assert.Null(new DataFile("labels", 4, DataFile.Sha256([1, 2, 3, 5])).Read(_folder.Path, out problem));
        Assert.StartsWith("has been altered", problem, StringComparison.Ordinal);
        // A kind of block that there is not.
        byte[] damaged = Gzip(content);
        damaged[10] = 7;
        File.WriteAllBytes(_folder["labels.gz"], damaged);
        Assert.Null(file.Read(_folder.Path, out problem));
        Assert.Contains("damaged or ends early", problem, StringComparison.Ordinal);
    }

    // Colour type 0 is grey, 2 RGB, 6 RGB and alpha.
    private void WritePng(string name, int width, int height, int colourType)
    {
        int channels = colourType switch { 2 => 3, 6 => 4, _ => 1 };
        byte[] samples = [.. Enumerable.Range(0, width * height * channels).Select(i => (byte)(i * 7 % 251))];
        File.WriteAllBytes(_folder[name], PngWriter.Encode(width, height, colourType, 8, samples, 0));
    }

    private static (Dataset Train, Dataset Test) Load(string data, int? trainSize = null) =>
        DataSets.Load(new DataSettings { Data = data, TrainSize = trainSize });

    private static string Refusal(string data) => Assert.Throws<InputException>(() => Load(data)).Message;

    private sealed class Silent : IRunObserver
    {
        public void Begin(string task, long total, string unit) { }

        public void Advance(string task, long completed, string? note = null) { }

        public void End(string task, string? note = null) { }

        public void Point(string chart, string series, double x, double y) { }

        public void Message(string text) { }
    }
}
