using System.Text.Json;
using LastBit.Tests.Files;

namespace LastBit.Tests.Cli;

public class TrainCommandTests
{
    private static readonly string[] Small =
        ["train", "--network", "resnet8", "--data", "sample", "--train-size", "100", "--batch-size", "40", "--json"];

    [Fact]
    public void A_device_is_of_OpenCL_alone()
    {
        using var folder = new TemporaryFolder();
        foreach (string option in (string[])["--device", "--check-every"])
        {
            var run = LastBitCall.Run([.. Small, option, "7", "--out", folder["out"]]);
            Assert.Equal((2, $"lastbit train: {option}: is of the engine opencl; choose that engine too, or leave it out\n"),
                (run.ExitCode, run.Error));
        }
        Assert.False(Directory.Exists(folder["out"]));
    }

    [Fact]
    public void A_run_that_blows_up_stops_and_says_where()
    {
        using var folder = new TemporaryFolder();
        var run = LastBitCall.Run([.. Small, "--epochs", "3", "--learning-rate", "1e30", "--out", folder["out"]]);
        Assert.Equal(0, run.ExitCode);
        long step = run.Json.GetProperty("divergedAtStep").GetInt64();
        Assert.InRange(step, 1, 9);
        Assert.Contains($"no longer finite at step {step}", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Network_loss_and_standardisation_are_settings_of_a_run()
    {
        using var folder = new TemporaryFolder();
        string[] run =
        [
            "train", "--network", "fc-tanh", "--loss", "mse", "--standardization", "pixel", "--augmentation", "none", "--learning-rate",
            "0.01", "--data", "sample",
            "--train-size", "60", "--batch-size", "30", "--epochs", "2", "--json", "--out",
        ];
        JsonElement trained = LastBitCall.Run([.. run, folder["run"]]).Json;
        var epochs = trained.GetProperty("epochs").EnumerateArray().ToList();
        Assert.True(epochs[1].GetProperty("trainLoss").GetDouble() < epochs[0].GetProperty("trainLoss").GetDouble());
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder["run"], "run.json")));
        JsonElement settings = document.RootElement.GetProperty("settings");
        Assert.Equal("mse", settings.GetProperty("loss").GetString());
        Assert.Equal("tanh", settings.GetProperty("activation").GetString());
        Assert.Equal("pixel", settings.GetProperty("standardization").GetString());
        JsonElement resumed = LastBitCall.Run("train", "--resume", folder["run"], "--json").Json;
        Assert.Equal(trained.GetProperty("digest").GetString(), resumed.GetProperty("digest").GetString());
        Refused("--activation: fc-tanh has tanh by its name", [.. run, folder["other"], "--activation", "relu"]);
    }

    [Fact]
    public void The_reference_engine_walks_the_same_way_and_is_named()
    {
        using var folder = new TemporaryFolder();
        string[] run =
        [
            "train", "--network", "fc-tanh", "--data", "sample", "--train-size", "12", "--batch-size", "6", "--epochs", "1",
            "--learning-rate", "0.01", "--dropout", "0.25",
            "--augmentation", "none", "--json", "--threads", "1", "--out",
        ];
        JsonElement cpu = LastBitCall.Run([.. run, folder["cpu"]]).Json, reference =
            LastBitCall.Run([.. run, folder["reference"], "--engine", "reference"]).Json;
        Assert.Equal(Loss(cpu), Loss(reference), 1e-5);
        Assert.NotEqual(cpu.GetProperty("digest").GetString(), reference.GetProperty("digest").GetString());
        Assert.Equal("cpu", Run(folder["cpu"]).GetProperty("engine").GetString());
        Assert.Equal("reference", Run(folder["reference"]).GetProperty("engine").GetString());
        Assert.Equal("reference", Run(folder["reference"]).GetProperty("settings").GetProperty("engine").GetString());
        Assert.Equal(2, LastBitCall.Run([.. run, folder["reference"]]).ExitCode);
        Refused("the reference engine has no products with the Hessian", "edge", "--engine", "reference", "--data", "sample", "--out",
            folder["edge"]);
        Refused("--dropout: resnet8 has no place for it", [.. Small, "--epochs", "1", "--dropout", "0.5", "--out", folder["other"]]);
        Assert.False(Directory.Exists(folder["edge"]));

        static double Loss(JsonElement result) => result.GetProperty("epochs")[0].GetProperty("testLoss").GetDouble();
        static JsonElement Run(string folder) => JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "run.json"))).RootElement;
    }

    /// <summary>What it computes is tested by OpenClTests, which need a device; without one, a line says what to install.</summary>
    [Fact]
    public void The_engine_of_a_device_is_no_setting_of_a_run_and_refuses_what_it_cannot_do()
    {
        using var folder = new TemporaryFolder();
        string[] small = ["--data", "sample", "--train-size", "12", "--engine", "opencl", "--out", folder["run"]];
        Refused("the engine opencl has no products with the Hessian",
            ["edge", "--engine", "opencl", "--data", "sample", "--out", folder["run"]]);
        Assert.False(Directory.Exists(folder["run"]));
        foreach (string command in new[] { "train", "accuracy", "divergence" })
        {
            var none = LastBitCall.Run([command, "--network", "resnet8", .. small, "--device", "1000000"]);
            Assert.Equal(2, none.ExitCode);
            Assert.Matches(@"OpenCL: no device was found; install the driver|--device: there is no device 1000000; give 0 \(",
                none.ErrorLines[^1]);
            Assert.False(Directory.Exists(folder["run"]));
        }

        // A task of a job array is told the engine, for the folder's settings do not name it.
        var script = LastBitCall.Run(["accuracy", "--network", "resnet8", "--seeds", "1", "--k", "1", .. small, "--device", "1",
            "--check-every", "500", "--executor", "slurm", "--dry-run"]);
        Assert.Equal(0, script.ExitCode);
        Assert.Contains(" cell --engine opencl --device 1 --check-every 500 ", script.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_says_how_many_images_there_are_of_each_class_and_what_became_of_them()
    {
        using var folder = new TemporaryFolder();
        foreach ((string part, int count) in new[] { ("train/cat", 4), ("train/dog", 3), ("val/cat", 2), ("val/dog", 1) })
        {
            Directory.CreateDirectory(folder[$"images/{part}"]);
            for (int i = 0; i < count; i++)
                File.WriteAllBytes(folder[$"images/{part}/{i}.png"],
                    PngWriter.Encode(6, 5, 0, 8, [.. Enumerable.Range(0, 30).Select(x => (byte)(x * 8 + i))], 0));
        }
        File.WriteAllText(folder["images/train/cat/Thumbs.db"], "");
        string[] train = ["train", "--data", $"images={folder["images"]}", "--epochs", "1", "--batch-size", "4", "--threads", "1"];
        LastBitProcess run = LastBitCall.Run([.. train, "--network", "resnet8", "--out", folder["run"]]);
        Assert.Equal(0, run.ExitCode);
        const string Facts = "2 classes, 7 + 3 images: cat 4 + 2, dog 3 + 1";
        Assert.Single(run.ErrorLines, $"Data: {Facts}.");
        Assert.DoesNotContain(Facts, run.Output, StringComparison.Ordinal);
        Assert.Contains($"Passed over in {folder["images"]}: {Path.Combine("train", "cat", "Thumbs.db")}.", run.ErrorLines);
        Assert.Contains("The images of 6 x 5 pixels are padded with black to 8 x 8, a size that resnet8 takes.", run.ErrorLines);
        foreach (string file in (string[])["run.json", "train.json"])
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder["run"], file)));
            JsonElement data = document.RootElement.GetProperty("data");
            Assert.Equal((8, 8, 1, 7, 3),
                (data.GetProperty("width").GetInt32(), data.GetProperty("height").GetInt32(), data.GetProperty("channels").GetInt32(),
                data.GetProperty("trainImages").GetInt32(), data.GetProperty("testImages").GetInt32()));
            Assert.Equal(64, data.GetProperty("files").GetString()!.Length);
            Assert.Equal([("cat", 4, 2), ("dog", 3, 1)], data.GetProperty("classes").EnumerateArray().Select(one =>
                (one.GetProperty("name").GetString()!, one.GetProperty("trainImages").GetInt32(),
                    one.GetProperty("testImages").GetInt32())));
        }
        // The first four are all cats.
        run = LastBitCall.Run([.. train, "--network", "fc-relu", "--train-size", "4", "--out", folder["few"]]);
        Assert.Contains("No training image is of the class dog.", run.ErrorLines);
        Refused("vgg16: the images have 6 x 5 pixels, and this network takes widths and heights that are multiples of 32",
            [.. train, "--network", "vgg16", "--out", folder["none"]]);
        Assert.False(Directory.Exists(folder["none"]));
    }

    [Fact]
    public void What_cannot_be_resumed_is_refused()
    {
        using var folder = new TemporaryFolder();
        Refused("there is no run.json", "train", "--resume", folder["none"]);
        Assert.Equal(0, LastBitCall.Run([.. Small, "--epochs", "1", "--out", folder["run"]]).ExitCode);
        Refused("--epochs", "train", "--resume", folder["run"], "--epochs", "2");
        Refused("other settings", [.. Small, "--epochs", "2", "--out", folder["run"]]);
        string checkpoint = Path.Combine(folder["run"], "checkpoint.bin");
        byte[] whole = File.ReadAllBytes(checkpoint);
        File.WriteAllBytes(checkpoint, whole[..^100]);
        Refused("checkpoint.bin: is damaged", "train", "--resume", folder["run"]);
        Assert.Equal(whole.Length - 100, new FileInfo(checkpoint).Length);
    }

    [Fact]
    public void The_default_is_winograd_and_a_folder_without_the_choice_continues_direct()
    {
        using var folder = new TemporaryFolder();
        string[] one = [.. Small, "--epochs", "1"];
        JsonElement winograd = LastBitCall.Run([.. one, "--out", folder["default"]]).Json;
        JsonElement direct = LastBitCall.Run([.. one, "--convolution", "direct", "--out", folder["direct"]]).Json;
        Assert.NotEqual(winograd.GetProperty("digest").GetString(), direct.GetProperty("digest").GetString());
        // What folders from before the choice hold: nothing about it.
        Assert.DoesNotContain("convolution", File.ReadAllText(Path.Combine(folder["direct"], "run.json")), StringComparison.Ordinal);
        JsonElement again = LastBitCall.Run([.. one, "--out", folder["direct"]]).Json;
        Assert.Equal(direct.GetProperty("digest").GetString(), again.GetProperty("digest").GetString());
        Assert.EndsWith(" --convolution direct", LastBit.Reports.Results.RunCommand.Of(LastBit.Runs.RunFolder.Read(folder["direct"])),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--network", "vgg17")]
    [InlineData("--activation", "tanh")]
    [InlineData("--k", "0")]
    [InlineData("--k", "nan")]
    [InlineData("--epochs", "0")]
    [InlineData("--batch-size", "0")]
    [InlineData("--learning-rate", "-1")]
    [InlineData("--momentum", "1")]
    [InlineData("--weight-decay", "-1")]
    [InlineData("--train-size", "1001")]
    [InlineData("--data", "no-such-folder")]
    public void Impossible_options_are_named(string option, string value)
    {
        using var folder = new TemporaryFolder();
        string[] rest = option == "--data" ? [] : ["--data", "sample"];
        Refused(option, ["train", option, value, .. rest, "--out", folder["out"]]);
    }

    private static void Refused(string reason, params string[] args)
    {
        var run = LastBitCall.Run(args);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(reason, Assert.Single(run.ErrorLines), StringComparison.Ordinal);
    }
}
