using System.Diagnostics;
using System.Globalization;
using LastBit.Fuzzing;
using LastBit.Tests;
using LastBit.Tests.Cli;

namespace LastBit.SystemTests;

/// <summary>
/// Files of run folders, finished and unfinished, that are damaged, cut or missing: whoever resumes the run or reads its results gets the
/// bytes of the run that was left alone, or one line that names the file; and with the file it names deleted, the bytes of the run again.
/// LASTBIT_DAMAGES says how many files of each command are damaged (docs/reliability.md), LASTBIT_DAMAGE_SEED which, and
/// LASTBIT_DAMAGE_COMMAND of which command alone.
/// </summary>
public sealed class DamageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("accuracy")]
    [InlineData("divergence")]
    [InlineData("edge")]
    [InlineData("train")]
    public void A_damaged_file_is_made_again_or_named(string command)
    {
        Assert.SkipUnless((Environment.GetEnvironmentVariable("LASTBIT_DAMAGE_COMMAND") ?? command) == command,
            "Another command was asked for.");
        var random = new System.Random(ToyRuns.Variable("LASTBIT_DAMAGE_SEED", 1));
        string images = _folder["images"];
        ToyRuns.WriteImages(images);
        string[] call = ToyRuns.Call(command, images);
        Run([.. call, "--out", _folder["whole"]], 0);
        SortedDictionary<string, string> expected = Results(_folder["whole"]);
        string[] folders = [_folder["whole"], Unfinished(command, call)];
        int damages = ToyRuns.Variable("LASTBIT_DAMAGES", 12), named = 0;
        for (int trial = 0; trial < damages; trial++)
        {
            string folder = _folder[string.Create(CultureInfo.InvariantCulture, $"{trial}")];
            Copy(folders[trial % 2], folder);
            string[] files = [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
                .Where(file => !Path.GetFileName(file).StartsWith('.')).Order(StringComparer.Ordinal)];
            string file = files[random.Next(files.Length)];
            string what = Damage(file, random);
            string told = string.Create(CultureInfo.InvariantCulture,
                $"{command}, trial {trial}, {Path.GetRelativePath(folder, file)} {what}");

            Check(Call("status", folder), told);
            Check(Call("summarize", folder, "--out", _folder["table"]), told);
            Check(Call("report", folder, "--out", _folder["page"]), told);
            LastBitProcess resumed = Call(command, "--resume", folder, "--threads", "1");
            Check(resumed, told);
            // What is named is restored by hand: deleted, as the message says, or put back where only that helps.
            for (int remedies = 0; resumed.ExitCode == 2; remedies++)
            {
                Assert.True(remedies < 3, $"{told}: {resumed.Error}");
                named++;
                Mend(resumed.Error, file, folders[trial % 2], folder, told);
                resumed = Call(command, "--resume", folder, "--threads", "1");
                Check(resumed, told);
            }
            Assert.True(resumed.ExitCode == 0, $"{told}: {resumed.Error}");
            SortedDictionary<string, string> results = Results(folder);
            IEnumerable<string> others = expected.Except(results).Concat(results.Except(expected)).Select(one => one.Key).Distinct();
            Assert.True(expected.SequenceEqual(results), $"{told}: {string.Join(", ", others)}");
            Directory.Delete(folder, recursive: true);
        }
        Assert.InRange(named, 1, 3 * damages);
    }

    // What edge keeps for more iterations is no result: without it they begin at the first one.
    private static SortedDictionary<string, string> Results(string folder)
    {
        SortedDictionary<string, string> files = ToyRuns.Results(folder);
        foreach (string file in files.Keys.ToList())
        {
            string name = Path.GetFileName(file);
            if (name == "further.bin" || name.StartsWith("start-", StringComparison.Ordinal))
                files.Remove(file);
        }
        return files;
    }

    /// <summary>A run that was stopped with a checkpoint on disk.</summary>
    private string Unfinished(string command, string[] call)
    {
        string folder = _folder["unfinished"];
        using Process process = ToyRuns.Start([.. call, "--out", folder]);
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        while (!process.HasExited && !(Directory.Exists(folder)
            && Directory.EnumerateFiles(folder, "checkpoint*.bin", SearchOption.AllDirectories).Any()))
            Thread.Yield();
        if (!process.HasExited)
            process.Kill();
        process.WaitForExit();
        _ = (error.GetAwaiter().GetResult(), output.GetAwaiter().GetResult());
        Assert.True(File.Exists(Path.Combine(folder, "run.json")), command);
        return folder;
    }

    private static string Damage(string file, System.Random random)
    {
        byte[] content = File.ReadAllBytes(file);
        switch (random.Next(6))
        {
            case 0:
                File.Delete(file);
                return "is deleted";
            case 1:
                File.WriteAllBytes(file, content[..random.Next(content.Length + 1)]);
                return "is cut";
            case 2:
                int bit = random.Next(8 * Math.Max(1, content.Length));
                if (content.Length > 0)
                    content[bit / 8] ^= (byte)(1 << (bit % 8));
                File.WriteAllBytes(file, content);
                return $"has bit {bit} changed";
            case 3:
                // A digit, as an editor or a merge would change it.
                int[] digits = [.. Enumerable.Range(0, content.Length).Where(i => content[i] is >= (byte)'1' and <= (byte)'9')];
                if (digits.Length > 0)
                {
                    int at = digits[random.Next(digits.Length)];
                    content[at] = (byte)(content[at] == (byte)'1' ? '2' : content[at] - 1);
                    File.WriteAllBytes(file, content);
                    return $"has digit {at} changed";
                }
                return "is as it was";
            default:
                File.WriteAllBytes(file, new Mutator(random).Next([content], []));
                return "is mutated";
        }
    }

    private static void Mend(string error, string damaged, string from, string to, string told)
    {
        string line = error.TrimEnd().Split('\n')[^1];
        const string Delete = "delete ";
        int at = line.IndexOf(Delete, StringComparison.Ordinal);
        string file = at < 0 ? damaged
            : line[(at + Delete.Length)..].Split(' ', ';', ',')[0] is var word && word.StartsWith(to, StringComparison.Ordinal) ? word
            : line.Contains(": ", StringComparison.Ordinal) && line.IndexOf(to, StringComparison.Ordinal) is >= 0 and var begins
                ? line[begins..].Split(": ")[0] : damaged;
        if (at >= 0)
        {
            Assert.True(File.Exists(file), $"{told}: {line}: there is no {file}");
            File.Delete(file);
            return;
        }
        string original = Path.Combine(from, Path.GetRelativePath(to, damaged));
        File.Copy(original, damaged, overwrite: true);
    }

    private static void Check(LastBitProcess call, string told)
    {
        Assert.True(call.ExitCode is 0 or 1 or 2, $"{told}: {call.ExitCode}: {call.Error}");
        Assert.DoesNotContain("failed unexpectedly", call.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", call.Error, StringComparison.Ordinal);
        if (call.ExitCode == 2)
            Assert.StartsWith("lastbit ", call.Error.TrimEnd().Split('\n')[^1], StringComparison.Ordinal);
    }

    private static void Run(string[] call, int exitCode)
    {
        LastBitProcess run = Call(call);
        Assert.True(run.ExitCode == exitCode, run.Error);
    }

    private static LastBitProcess Call(params string[] call) => LastBitCall.Run(call);

    private static void Copy(string from, string to)
    {
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }
}
