namespace LastBit.Tests.Cli;

/// <summary>What files say is quoted, and never moves the cursor, rings the bell or sets the window's title of who reads it.</summary>
public sealed class ForeignTextCommandTests : IDisposable
{
    private const string Escape = "\u001b[31m\u0007";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Names_in_logs_are_printable()
    {
        string runs = Write("runs.csv",
            $"Name,State,Created,passed,trials,{Escape}note\na{Escape},finished,2024,5,10,x\nb{Escape},finished,2024,7,10,y\nc,{Escape}crashed,2024,3,10,z\n");
        string wide = Write("wide.csv", $"epoch,group,{Escape}acc,loss\n1,{Escape}a,50,2\n2,{Escape}b,51,1\n");
        string lines = Write("lines.jsonl",
            "{\"run\": \"\\u001b[2Ja\\u0007\", \"epoch\": 1, \"acc\": 0.5}\n{\"run\": \"\\u001b[2Jb\", \"epoch\": 1, \"acc\": 0.75}\n");
        Clean(0, "noise", runs);
        Clean(0, "noise", runs, "--latex");
        Clean(0, "compare", $"a={runs}", $"b={runs}");
        Clean(2, "noise", wide);
        Clean(0, "noise", lines);
        Clean(0, "summarize", lines);
        Clean(2, "noise", lines, "--metric", Escape);
        Clean(2, "noise", Write($"{Escape}.csv", ""));
    }

    [Fact]
    public void Documents_of_run_folders_are_printable()
    {
        string accuracy = """{"epochs":1,"testImages":500,"classes":10,"testAccuracy":{"1":{"1":[50],"3":[51]},"2":{"1":[52],"3":[50]}},"diverged":{"2":{"5":{"step":3,"cause":"ESC"}}}}""";
        Write("a/accuracy.json", accuracy.Replace("ESC", "\\u001b[2J\\u0007", StringComparison.Ordinal));
        Clean(2, "summarize", _folder["a"]);
        Write("b/run.json", """{"command":"\u001b[2J\u0007","settings":{}}""");
        Clean(2, "heat", "--out", _folder["b"]);
        Clean(2, "train", "--resume", _folder["b"]);
        Write("c/run.json", """{"command":"accuracy","settings":{},"cells":{"seeds":[1],"k":[1]}}""");
        Write("c/cells/accuracy/seed1/k1.json", """{"\u001b[2J\u0007":1,"\u001b[2J\u0007":1}""");
        Clean(1, "status", _folder["c"]);
    }

    private string Write(string name, string text)
    {
        string file = _folder[name];
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
        return file;
    }

    private void Clean(int exitCode, params string[] call)
    {
        LastBitProcess run =
            LastBitCall.Run([.. call, .. call[0] is "noise" or "compare" or "summarize" ? (string[])["--out", _folder["out"]] : []]);
        Assert.Equal((exitCode, ""),
            (run.ExitCode,
                string.Concat((run.Output + run.Error).Where(letter => char.IsControl(letter) && letter is not ('\n' or '\r'))
                    .Select(letter => $"{(int)letter:X2} "))
            + (run.ExitCode == exitCode ? "" : run.Error)));
    }
}
