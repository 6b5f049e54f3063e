using System.Text;
using LastBit.Imports;
using LastBit.Imports.Formats;

namespace LastBit.Tests.Imports;

/// <summary>Writes small logs and reads them.</summary>
internal static class Logs
{
    /// <summary>Writes one file into a new folder and reads it.</summary>
    internal static ImportResult ReadText(string name, string text, ImportOptions? options = null)
    {
        using var folder = new TemporaryFolder();
        return LogReader.Read([Write(folder, name, text)], options ?? new ImportOptions());
    }

    /// <summary>Writes a file below a folder; returns its path.</summary>
    internal static string Write(TemporaryFolder folder, string name, string text) => Write(folder, name, Encoding.UTF8.GetBytes(text));

    /// <summary>Writes a file below a folder; returns its path.</summary>
    internal static string Write(TemporaryFolder folder, string name, byte[] bytes)
    {
        string path = Path.Combine(folder.Path, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    /// <summary>The line of an error.</summary>
    internal static string Error(Action read) => Assert.Throws<InputException>(read).Message;

    /// <summary>A run in short: seed, perturbation, group and the values.</summary>
    internal static string Short(ImportedRun run) => FormattableString.Invariant(
        $"{run.Group ?? "-"} {run.Seed?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "-"} {run.Perturbation ?? "-"}: ")
        + string.Join(' ', run.Steps.Zip(run.Values, (step, value) => FormattableString.Invariant($"{step}={value}")));

    /// <summary>All runs in short, a line each.</summary>
    internal static string Short(ImportResult result) => string.Join('\n', result.Runs.Select(Short));
}
