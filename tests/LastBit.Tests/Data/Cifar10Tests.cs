using LastBit.Data;

namespace LastBit.Tests.Data;

public sealed class Cifar10Tests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly SmallCifar _small = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_sample_has_100_training_and_50_test_images_of_each_class()
    {
        (Dataset train, Dataset test) = Cifar10.Load("sample");
        Assert.Equal(Enumerable.Repeat(100, 10), train.Labels.CountBy(label => label).OrderBy(pair => pair.Key).Select(pair => pair.Value));
        Assert.Equal(Enumerable.Repeat(50, 10), test.Labels.CountBy(label => label).OrderBy(pair => pair.Key).Select(pair => pair.Value));
    }

    [Fact]
    public void The_sample_starts_as_CIFAR_10_does()
    {
        (Dataset train, Dataset test) = Cifar10.Load("sample");
        // The first training image of CIFAR-10 is a frog, then two trucks; the first test image is a cat, then two ships.
        Assert.Equal(["frog", "truck", "truck"], train.Labels[..3].Select(label => Cifar10.ClassNames[label]));
        Assert.Equal(["cat", "ship", "ship"], test.Labels[..3].Select(label => Cifar10.ClassNames[label]));
        Assert.Equal([59, 43, 50], train.Images[..3]);
    }

    [Fact]
    public void The_files_make_one_training_and_one_test_set_in_file_order()
    {
        _small.WriteTo(_folder.Path);
        (Dataset train, Dataset test) = Cifar10.LoadFolder(_folder.Path, _small.Files);
        Assert.Equal((35, 7), (train.Count, test.Count));
        byte[] third = _small["data_batch_3.bin"][(2 * Cifar10.RecordBytes)..(3 * Cifar10.RecordBytes)];
        Assert.Equal(third[0], train.Labels[16]);
        Assert.Equal(third[1..], train.Images[(16 * Cifar10.ImageBytes)..(17 * Cifar10.ImageBytes)]);
        Assert.Equal(_small["test_batch.bin"][1..Cifar10.RecordBytes], test.Images[..Cifar10.ImageBytes]);
        Assert.All(Cifar10.Check(_folder.Path, _small.Files), file => Assert.Null(file.Problem));
    }

    [Fact]
    public void A_file_that_is_missing_cut_too_long_or_altered_is_refused_with_the_reason()
    {
        const string Name = "data_batch_4.bin";
        byte[] content = _small[Name];
        _small.WriteTo(_folder.Path);
        Refused("is missing", () => File.Delete(_folder[Name]));
        Refused($"is {content.Length - 1} bytes long instead of {content.Length}", () => File.WriteAllBytes(_folder[Name], content[..^1]));
        Refused($"is {content.Length + 1} bytes long instead of {content.Length}",
            () => File.WriteAllBytes(_folder[Name], [.. content, 0]));
        Refused("is 0 bytes long", () => File.WriteAllBytes(_folder[Name], []));
        Refused("has been altered (its SHA-256 begins with ",
            () => File.WriteAllBytes(_folder[Name], [.. content[..^1], (byte)(content[^1] ^ 1)]));

        void Refused(string reason, Action spoil)
        {
            spoil();
            string message = Assert.Throws<InputException>(() => Cifar10.LoadFolder(_folder.Path, _small.Files)).Message;
            Assert.StartsWith($"{_folder[Name]}: {reason}", message, StringComparison.Ordinal);
            FileState bad = Assert.Single(Cifar10.Check(_folder.Path, _small.Files), file => file.Problem is not null);
            Assert.Equal(Name, bad.Name);
            Assert.StartsWith(reason, bad.Problem, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Files_of_the_right_size_that_are_not_CIFAR_10_are_refused()
    {
        File.WriteAllBytes(_folder["data_batch_1.bin"], new byte[30_730_000]);
        Assert.Contains("has been altered", Assert.Throws<InputException>(() => Cifar10.Load(_folder.Path)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_cannot_be_right_is_refused_with_what_would_be()
    {
        Assert.Contains("data: there is no folder", Refusal(_folder["none"]), StringComparison.Ordinal);
        Assert.Contains("data_batch_1.bin: is missing", Refusal(_folder.Path), StringComparison.Ordinal);
        File.WriteAllText(_folder["data_batch_1"], "");
        Assert.Contains("Python version", Refusal(_folder.Path), StringComparison.Ordinal);
        File.Delete(_folder["data_batch_1"]);
        Directory.CreateDirectory(_folder["cifar-10-batches-bin"]);
        Assert.Contains(Path.Combine("cifar-10-batches-bin", "data_batch_1.bin"), Refusal(_folder.Path), StringComparison.Ordinal);

        static string Refusal(string data) => Assert.Throws<InputException>(() => Cifar10.Load(data)).Message;
    }

    [Fact]
    public void A_training_size_takes_the_first_images()
    {
        (Dataset all, _) = Cifar10.Load("sample");
        (Dataset some, Dataset test) = Cifar10.Load("sample", 64);
        Assert.Equal(all.Labels[..64], some.Labels);
        Assert.Equal(all.Images[..(64 * 3072)], some.Images);
        Assert.Equal(500, test.Count);
        foreach (int size in (int[])[0, -1, 1001])
        {
            Assert.Equal(
                $"trainSize: the data has 1000 training images, and {size} are asked for or are the default; give 1 to 1000",
                Assert.Throws<InputException>(() => Cifar10.Load("sample", size)).Message);
        }
    }

    [Fact]
    public void The_first_of_each_class_are_taken_in_file_order()
    {
        byte[] labels = [3, 3, 1, 3, 1, 0];
        byte[] images = new byte[6 * Cifar10.ImageBytes];
        for (int i = 0; i < 6; i++)
            images[i * Cifar10.ImageBytes] = (byte)i;
        Dataset two = new Dataset(DatasetShape.Cifar10, Normalization.Paper, images, labels).FirstOfEachClass(2);
        Assert.Equal([3, 3, 1, 1, 0], two.Labels);
        Assert.Equal([0, 1, 2, 4, 5], Enumerable.Range(0, 5).Select(i => (int)two.Images[i * Cifar10.ImageBytes]));
    }

    [Fact]
    public void A_data_set_with_a_wrong_label_or_length_cannot_be_made()
    {
        Assert.Throws<ArgumentException>(() => new Dataset(DatasetShape.Cifar10, Normalization.Paper, new byte[Cifar10.ImageBytes], [10]));
        Assert.Throws<ArgumentException>(() =>
            new Dataset(DatasetShape.Cifar10, Normalization.Paper, new byte[Cifar10.ImageBytes - 1], [1]));
    }

    [Theory]
    [InlineData("LASTBIT_CACHE=/a XDG_CACHE_HOME=/b HOME=/c", false, "/a")]
    [InlineData("XDG_CACHE_HOME=/b HOME=/c", false, "/b/lastbit")]
    [InlineData("XDG_CACHE_HOME=relative HOME=/c", false, "/c/.cache/lastbit")]
    [InlineData("HOME=/c", false, "/c/.cache/lastbit")]
    [InlineData("HOME=/c", true, "/c/Library/Caches/lastbit")]
    [InlineData("LOCAL=/d HOME=/c", false, "/d/lastbit")]
    public void The_cache_is_where_the_system_keeps_caches(string environment, bool macOS, string expected)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The paths of this test are those of Unix.");
        var variables = environment.Split(' ').Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => pair[1]);
        Assert.Equal(expected, DataCache.FindRoot(variables.GetValueOrDefault, variables.GetValueOrDefault("LOCAL"), macOS));
    }

    [Theory]
    [InlineData("LASTBIT_CACHE")]
    [InlineData("XDG_CACHE_HOME")]
    [InlineData("HOME")]
    public void A_cache_that_would_lie_in_a_file_is_refused_with_the_name_of_the_variable(string variable)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["file"], "");
        foreach (string value in (string[])[folder["file"], Path.Combine(folder["file"], "below")])
        {
            string message =
                Assert.Throws<InputException>(() => DataCache.FindRoot(name => name == variable ? value : null, null, false)).Message;
            Assert.StartsWith($"{variable}: data would be kept in {value}", message, StringComparison.Ordinal);
            Assert.EndsWith($"and {folder["file"]} is not a folder; set LASTBIT_CACHE to a folder for it", message,
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Without_a_home_the_user_is_asked_for_a_folder() =>
        Assert.StartsWith("LASTBIT_CACHE: ", Assert.Throws<InputException>(() => DataCache.FindRoot(_ => null, null, false)).Message,
            StringComparison.Ordinal);
}
