using System.Diagnostics;
using System.Globalization;
using LastBit.Tests.Experiments;
using LastBit.Tests.Files;

namespace LastBit.Tests.Cli;

/// <summary>
/// The long-running commands at a size that takes a second, most of it the start of the process, to be stopped in many ways.
/// </summary>
internal static class ToyRuns
{
    /// <summary>A command that a run folder remembers.</summary>
    /// <param name="command">accuracy, divergence, edge or train.</param>
    /// <param name="images">A folder of <see cref="WriteImages"/>.</param>
    public static string[] Call(string command, string images)
    {
        string[] toy = ["--network", "resnet8", "--data", "images=" + images, "--batch-size", "16", "--threads", "1"];
        return command switch
        {
            "accuracy" => ["accuracy", .. toy, "--epochs", "2", "--seeds", "1,2", "--k", "1,3", "--correctness"],
            "edge" => ["edge", .. toy, "--learning-rate", "0.01,0.02", "--momentum", "0.9", "--nesterov", "--perturbation", "k=3,stochastic",
                "--train-size", "40", "--iterations", "6", "--every", "2",
                "--pass-size", "16"],
            "divergence" => ["divergence", .. toy, "--divisors", "2,3", "--scaled-iterations", "3", "--mat"],
            _ => ["train", .. toy, "--epochs", "3"],
        };
    }

    /// <summary>The call that begins a run, or resumes it with nothing said again once its folder can be resumed.</summary>
    public static string[] Next(string command, string images, string folder) => File.Exists(Path.Combine(folder, "run.json"))
        ? [command, "--resume", folder, "--threads", "1"] : [.. Call(command, images), "--out", folder];

    /// <summary>40 training and 16 test images of 16 x 16 grey pixels in two classes.</summary>
    public static void WriteImages(string folder)
    {
        var random = new System.Random(1);
        foreach ((string part, int count) in ((string, int)[])[("train", 20), ("test", 8)])
        {
            foreach (string kind in (string[])["a", "b"])
            {
                string place = Directory.CreateDirectory(Path.Combine(folder, part, kind)).FullName;
                for (int i = 0; i < count; i++)
                {
                    byte[] pixels = new byte[256];
                    random.NextBytes(pixels);
                    File.WriteAllBytes(Path.Combine(place, $"{i}.png"), PngWriter.Encode(16, 16, 0, 8, pixels, 0));
                }
            }
        }
    }

    /// <summary>Runs to the end.</summary>
    public static LastBitProcess Run(string[] call)
    {
        using Process process = Start(call);
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        // A minute would do, but not on a machine that does forty other things.
        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(15)), string.Join(' ', call));
        return new LastBitProcess(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }

    /// <summary>
    /// Starts the command line so that it is soon there: what runs for a second is not worth compiling well, except for its loops.
    /// </summary>
    public static Process Start(string[] call) => LastBitProcess.Start(
        Environment.CurrentDirectory, call, ("DOTNET_TieredCompilation", "1"), ("DOTNET_TC_QuickJitForLoops", "0"));

    /// <summary>Everything that a run leaves but times; the figures are drawn from it.</summary>
    public static SortedDictionary<string, string> Results(string folder)
    {
        SortedDictionary<string, string> files = FolderFiles.Read(folder);
        foreach (string file in files.Keys.ToList())
        {
            if (file == "train.json"
                || (file.StartsWith("figures", StringComparison.Ordinal) && !file.EndsWith(".tmp", StringComparison.Ordinal)))
                files.Remove(file);
        }
        if (File.Exists(Path.Combine(folder, "train.json")))
        {
            var train = LastBit.Runs.DocumentFile.ReadObject(Path.Combine(folder, "train.json"));
            train.Remove("secondsPerStep");
            files["train.json"] = train.ToJsonString();
        }
        return files;
    }

    /// <summary>A whole number from the environment.</summary>
    public static int Variable(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int given)
            ? given : otherwise;
}
