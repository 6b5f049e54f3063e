using System.Text.Json.Nodes;
using LastBit.Imports;
using LastBit.Tests;

namespace LastBit.SystemTests;

/// <summary>
/// The module in python/ by its own tests, the notebook and lastbit_torch.py, with Debian's Python; elsewhere they are skipped.
/// </summary>
public sealed class PythonTests
{
    [Theory]
    [InlineData("test_torch.py", "torch")]
    [InlineData("test_trace.py", "torch")]
    [InlineData("test_lastbit.py", "pandas,matplotlib")]
    public void The_module_passes_its_own_tests(string file, string modules)
    {
        Programs.NeedPython(modules.Split(','));
        (int code, string text) = Programs.Start(Module, Environment, Programs.Python, "-m", "unittest", Path.Combine("tests", file));
        Assert.True(code == 0, text);
        Assert.Matches(@"Ran [1-9]\d* tests", text);
        Assert.DoesNotContain("skipped", text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_files_that_the_command_writes_are_the_modules()
    {
        using var folder = new TemporaryFolder();
        (int code, string text) = Programs.Start(folder.Path, [], Program, "pytorch", "--quiet");
        Assert.True(code == 0, text);
        Assert.Equal(File.ReadAllBytes(Path.Combine(Module, "lastbit/torch.py")), File.ReadAllBytes(folder[TorchModule.FileName]));
        Assert.Equal(File.ReadAllBytes(Path.Combine(Module, "lastbit/trace.py")), File.ReadAllBytes(folder[TorchModule.TraceFileName]));
    }

    /// <summary>The notebook runs from its first cell to its last, and its cells give what the committed ones do.</summary>
    [Fact]
    public void The_notebook_gives_what_is_committed()
    {
        Programs.NeedPython("nbconvert", "ipykernel", "matplotlib");
        using var folder = new TemporaryFolder();
        string notebook = Path.Combine(Repository.Root, "examples/notebook/is-it-real.ipynb");
        (int code, string text) = Programs.Start(Path.GetDirectoryName(notebook)!, Environment, Programs.Python, "-m", "nbconvert",
            "--to", "notebook", "--execute", "--ExecutePreprocessor.timeout=600", "--output", folder["executed.ipynb"], notebook);
        Assert.True(code == 0, text);
        string[] given = Given(folder["executed.ipynb"]);
        Assert.Contains(given, cell => cell.Contains("warmup - baseline: real", StringComparison.Ordinal));
        Assert.Equal(Given(notebook), given);
    }

    /// <summary>
    /// What each cell of a notebook gave, as text. What it printed is left out, for that is prose, and pictures are, for their bytes are
    /// those of a version of matplotlib.
    /// </summary>
    private static string[] Given(string notebook) =>
        [.. JsonNode.Parse(File.ReadAllText(notebook))!["cells"]!.AsArray().Where(cell => (string?)cell!["cell_type"] == "code")
            .Select(cell => string.Concat(cell!["outputs"]!.AsArray().Where(output => (string?)output!["output_type"] == "execute_result")
                .SelectMany(output => output!["data"]!["text/plain"]!.AsArray().Select(line => (string?)line))))];

    private static string Module => Path.Combine(Repository.Root, "python");

    private static string Program =>
        Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "LastBit.Cli.exe" : "LastBit.Cli");

    private static (string, string?)[] Environment =>
        [("PYTHONPATH", Module), ("LASTBIT_BINARY", Program), ("PYTHONDONTWRITEBYTECODE", "1")];
}
