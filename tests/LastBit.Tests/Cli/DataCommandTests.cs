using System.Text.Json.Nodes;
using LastBit.Data;
using LastBit.Runs;

namespace LastBit.Tests.Cli;

public sealed class DataCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Verify_says_of_every_file_what_is_wrong_with_it()
    {
        File.WriteAllText(_folder["data_batch_2.bin"], "short");
        LastBitProcess verify = LastBitCall.Run("data", "verify", "--dir", _folder.Path, "--json");
        Assert.Equal(2, verify.ExitCode);
        Assert.False(verify.Json.GetProperty("complete").GetBoolean());
        Assert.Equal(
            Cifar10.Files.Select(file =>
                (file.Name, file.Name == "data_batch_2.bin" ? "is 5 bytes long instead of 30730000" : "is missing")),
            verify.Json.GetProperty("files").EnumerateArray()
                .Select(file => (file.GetProperty("name").GetString()!, file.GetProperty("problem").GetString()!)));
        Assert.Equal(
            $"lastbit data verify: {_folder["data_batch_1.bin"]}: is missing (and 5 more); run `lastbit data fetch`",
            Assert.Single(verify.ErrorLines));
    }

    [Fact]
    public void Verify_prints_the_folder_and_a_line_a_file()
    {
        LastBitProcess verify = LastBitCall.Run("data", "verify", "--dir", _folder.Path);
        Assert.Equal(2, verify.ExitCode);
        Assert.Contains(_folder.Path, verify.Output, StringComparison.Ordinal);
        Assert.Equal(6, verify.Output.Split('\n').Count(line => line.EndsWith("is missing", StringComparison.Ordinal)));
    }

    [Fact]
    public void Fetch_into_a_place_that_cannot_be_a_folder_is_refused_in_one_line()
    {
        File.WriteAllText(_folder["file"], "");
        LastBitProcess fetch = LastBitCall.Run("data", "fetch", "--dir", _folder[Path.Combine("file", "x")]);
        Assert.Equal(2, fetch.ExitCode);
        Assert.Contains("name a folder that can be written", Assert.Single(fetch.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public void Data_alone_asks_for_a_command()
    {
        LastBitProcess data = LastBitCall.Run("data");
        Assert.Equal(2, data.ExitCode);
        Assert.Contains("give one of fetch, verify", Assert.Single(data.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reproduce_names_no_option_that_it_lacks_where_its_data_is_missing()
    {
        using var process = LastBitProcess.Start(_folder.Path, ["reproduce", "--scale", "laptop", "--out", _folder["run"]],
            ("LASTBIT_CACHE", _folder["cache"]));
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        string cache = _folder["cache/cifar-10-batches-bin"];
        Assert.Equal($"lastbit reproduce: CIFAR-10 is not in {cache} yet; give --fetch to get it, or set LASTBIT_CACHE to the folder "
            + "that has it", (await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)).TrimEnd());
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal((2, "", false), (process.ExitCode, await output, Directory.Exists(_folder["run"])));
    }

    [Fact]
    public void Reproduce_does_not_resume_a_folder_whose_scale_had_other_sizes_and_says_how_long_it_takes()
    {
        RunFolder.Open(_folder["old"], "reproduce", new JsonObject { ["scale"] = "laptop", ["convolution"] = "winograd" }, 1).Dispose();
        LastBitProcess old = LastBitCall.Run("reproduce", "--scale", "laptop", "--only", "figure1", "--out", _folder["old"]);
        Assert.Equal((2, $"lastbit reproduce: --out {_folder["old"]}: holds a run of other settings (sizes is not given there and 2 here); "
            + "name another folder"), (old.ExitCode, Assert.Single(old.ErrorLines)));
        LastBitProcess fresh = LastBitCall.Run("reproduce", "--scale", "laptop", "--only", "figure1", "--out", _folder["new"]);
        Assert.Equal((0, "1 part, about 10 seconds in all on two cores with AVX-512."), (fresh.ExitCode, fresh.ErrorLines[0]));
        Assert.Equal(0, LastBitCall.Run("reproduce", "--scale", "laptop", "--only", "figure1", "--out", _folder["new"]).ExitCode);
    }
}
