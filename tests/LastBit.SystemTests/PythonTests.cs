using System.Text.Json.Nodes;
using LastBit.Imports;
using LastBit.Tests;

namespace LastBit.SystemTests;

/// <summary>The module in python/ by its own tests, and lastbit_torch.py, with Debian's Python; elsewhere these tests say that they were skipped.</summary>
public sealed class PythonTests
{
    [Theory]
    [InlineData("test_torch.py", "torch")]
    [InlineData("test_lastbit.py", "pandas,matplotlib")]
    public void The_module_passes_its_own_tests(string file, string modules)
    {
        Programs.NeedPython(modules.Split(','));
        string python = Path.Combine(Repository.Root, "python");
        (int code, string text) = Programs.Start(python, [("PYTHONPATH", python), ("LASTBIT_BINARY", Program), ("PYTHONDONTWRITEBYTECODE", "1")],
            Programs.Python, "-m", "unittest", Path.Combine("tests", file));
        Assert.True(code == 0, text);
        Assert.Matches(@"Ran [1-9]\d* tests", text);
        Assert.DoesNotContain("skipped", text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_file_that_the_command_writes_is_the_module()
    {
        using var folder = new TemporaryFolder();
        (int code, string text) = Programs.Start(folder.Path, [], Program, "pytorch", "--quiet");
        Assert.True(code == 0, text);
        Assert.Equal(File.ReadAllBytes(Path.Combine(Repository.Root, "python/lastbit/torch.py")), File.ReadAllBytes(folder[TorchModule.FileName]));
    }

    /// <summary>The notebook runs from its first cell to its last, and its cells say what the committed ones do.</summary>
    [Fact]
    public void The_notebook_says_what_is_committed()
    {
        Programs.NeedPython("nbconvert", "ipykernel", "matplotlib");
        using var folder = new TemporaryFolder();
        string notebook = Path.Combine(Repository.Root, "examples/notebook/is-it-real.ipynb");
        (int code, string text) = Programs.Start(Path.GetDirectoryName(notebook)!,
            [("PYTHONPATH", Path.Combine(Repository.Root, "python")), ("LASTBIT_BINARY", Program), ("PYTHONDONTWRITEBYTECODE", "1")],
            Programs.Python, "-m", "nbconvert", "--to", "notebook", "--execute", "--ExecutePreprocessor.timeout=600", "--output", folder["executed.ipynb"], notebook);
        Assert.True(code == 0, text);
        string[] said = Said(folder["executed.ipynb"]);
        Assert.Contains(said, cell => cell.Contains("warmup - baseline: real", StringComparison.Ordinal));
        Assert.Equal(Said(notebook), said);
    }

    /// <summary>What each cell of a notebook printed or returned, as text. Pictures are left out: their bytes are those of a version of matplotlib.</summary>
    private static string[] Said(string notebook) =>
        [.. JsonNode.Parse(File.ReadAllText(notebook))!["cells"]!.AsArray().Where(cell => (string?)cell!["cell_type"] == "code")
            .Select(cell => string.Concat(cell!["outputs"]!.AsArray().Select(output => output!["text"] ?? output["data"]?["text/plain"]).OfType<JsonArray>()
                .SelectMany(lines => lines.Select(line => (string?)line))))];

    private static string Program => Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "LastBit.Cli.exe" : "LastBit.Cli");
}
