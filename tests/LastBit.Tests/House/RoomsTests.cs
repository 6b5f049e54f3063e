using System.Text.RegularExpressions;

namespace LastBit.Tests.House;

/// <summary>docs/house.md: imports run one way, between projects and between the folders of one, and never in a circle.</summary>
public partial class RoomsTests
{
    /// <summary>What each room of src/LastBit may import; the first is what lies in no room, which all may use.</summary>
    private static readonly Dictionary<string, string[]> s_rooms = new()
    {
        [""] = [],
        ["Arithmetic"] = [],
        ["Random"] = ["Arithmetic"],
        ["Files"] = [],
        ["LinearAlgebra"] = ["Arithmetic", "Random"],
        ["Statistics"] = ["Arithmetic", "Random"],
        ["Pde"] = ["Arithmetic", "Random", "Files", "LinearAlgebra"],
        ["Models"] = ["Arithmetic", "Random"],
        ["Engines"] = ["Arithmetic", "Models"],
        ["Engines/Cpu/Kernels"] = ["Arithmetic", "Random"],
        ["Engines/Reference"] = ["Arithmetic", "Random", "Models", "Engines"],
        ["Engines/Cpu/Layers"] = ["Arithmetic", "Random", "Models", "Engines", "Engines/Cpu/Kernels"],
        ["Engines/Cpu"] = ["Arithmetic", "Random", "Models", "Engines", "Engines/Cpu/Kernels", "Engines/Cpu/Layers"],
        ["Engines/OpenCl"] =
            ["Arithmetic", "Random", "Files", "Models", "Engines", "Engines/Cpu", "Engines/Cpu/Kernels"],
        ["Data"] = ["Arithmetic", "Random", "Files", "Models"],
        ["Traces"] = ["Arithmetic", "Files"],
        ["Runs"] = ["Arithmetic", "Random", "Files"],
        ["Training"] = ["Arithmetic", "Random", "Files", "Data", "Models", "Engines", "Runs"],
        // No engine: the command line hands them in.
        ["Experiments"] =
        [
            "Arithmetic", "Random", "Files", "LinearAlgebra", "Statistics", "Pde", "Models", "Engines", "Data", "Training", "Runs",
            "Traces",
        ],
    };

    [Fact]
    public void No_room_imports_upward()
    {
        Dictionary<string, HashSet<string>> imports = Imports("LastBit");
        Assert.Empty(imports.Keys.Select(RoomOf).Except(s_rooms.Keys));
        Assert.Empty(imports.SelectMany(folder => folder.Value.Select(to => (From: RoomOf(folder.Key), To: RoomOf(to))))
            .Where(pair => pair.To.Length > 0 && pair.From != pair.To && !s_rooms[pair.From].Contains(pair.To)).Distinct());

        // Each experiment has a folder; what they may import is the same for all.
        static string RoomOf(string folder) => folder.StartsWith("Experiments/", StringComparison.Ordinal) ? "Experiments" : folder;
    }

    /// <summary>
    /// The core is the same on every platform, and knows settings, not options: a message may name a command whole, in backticks.
    /// </summary>
    [Fact]
    public void The_core_calls_no_libm_and_spells_no_option()
    {
        (string File, string Text)[] files =
            [.. FilesOf(Path.Combine("src", "LastBit"), "*.cs").Select(file => (file, Comment().Replace(File.ReadAllText(file), "")))];
        Assert.Empty(files.SelectMany(file => LibmCall().Matches(file.Text).Select(match => (file.File, match.Value))));
        Assert.Empty(files.SelectMany(file => OptionName().Matches(WholeCommand().Replace(file.Text, ""))
            .Select(match => (file.File, match.Value))));
    }

    [GeneratedRegex(@"\bMathF?\.(?:Exp|Log|Pow|Sin|Cos|Tan|Asin|Acos|Atan|Sinh|Cosh|Cbrt)\w*\(")]
    private static partial Regex LibmCall();

    [GeneratedRegex(@"""[^""\n]*--[a-z][^""\n]*""")]
    private static partial Regex OptionName();

    [GeneratedRegex("`lastbit [^`\n]*`")]
    private static partial Regex WholeCommand();

    [Fact]
    public void An_experiment_is_read_in_files_of_at_most_150_lines()
    {
        string[] files = Directory.GetFiles(Path.Combine(Root(), "src", "LastBit", "Experiments"), "*.cs", SearchOption.AllDirectories);
        Assert.True(files.Length > 40, $"There are {files.Length} files.");
        Assert.DoesNotContain(files.Select(file => (Path.GetFileName(file), Lines: File.ReadLines(file).Count())),
            file => file.Lines > 150);
    }

    [Theory]
    [InlineData("src", "*.cs", 350)]
    [InlineData("src", "*.css", 1)]
    [InlineData("src", "*.js", 1)]
    [InlineData("benchmarks", "*.cs", 10)]
    public void Lines_have_at_most_140_characters(string folder, string pattern, int least)
    {
        string[] files = FilesOf(folder, pattern);
        Assert.True(files.Length >= least, $"There are {files.Length} files.");
        Assert.Empty(files.SelectMany(file => TooLong(file, (_, _) => false)));
    }

    [Fact]
    public void Lines_of_tests_have_at_most_140_characters_but_for_the_texts_they_expect() =>
        Assert.Empty(FilesOf("tests", "*.cs").SelectMany(file =>
            TooLong(file, (line, raw) => raw || line.Contains("\"\"\"") || line.Contains("@\"") || OneLiteral().IsMatch(line))));

    /// <summary>The files of a folder that are our own, and not made by a build.</summary>
    private static string[] FilesOf(string folder, string pattern) =>
        [.. Directory.GetFiles(Path.Combine(Root(), folder), pattern, SearchOption.AllDirectories)
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "obj" or "bin" or "vendor"))];

    private static IEnumerable<string> TooLong(string file, Func<string, bool, bool> mayBe)
    {
        bool raw = false;
        foreach ((int number, string line) in File.ReadLines(file).Index())
        {
            bool isAllowed = mayBe(line, raw);
            raw ^= line.Split("\"\"\"").Length % 2 == 0;
            if (line.Length > 140 && !isAllowed)
                yield return $"{file}:{number + 1} has {line.Length} characters";
        }
    }

    [GeneratedRegex(@"^\s*(<|(\[GeneratedRegex\(|\+ )?[$]?"")", RegexOptions.CultureInvariant)]
    private static partial Regex OneLiteral();

    [Theory]
    [InlineData("LastBit")]
    [InlineData("LastBit.Imports")]
    [InlineData("LastBit.Reports")]
    [InlineData("LastBit.Cli")]
    public void No_folders_import_each_other(string project)
    {
        var left = Imports(project).ToDictionary(folder => folder.Key, folder => folder.Value.ToArray());
        // Folders that import none of those left are taken away, until none is left: what stays would be a circle.
        while (left.Keys.FirstOrDefault(folder => !left[folder].Any(left.ContainsKey)) is { } free)
            left.Remove(free);
        Assert.Empty(left.Select(folder => $"{folder.Key} -> {string.Join(", ", folder.Value.Where(left.ContainsKey))}"));
    }

    [Fact]
    public void Claims_and_results_know_nothing_of_figures_and_pages()
    {
        Dictionary<string, HashSet<string>> imports = Imports("LastBit.Reports");
        Assert.Empty(imports["Claims"]);
        Assert.Empty(imports["Results"]);
        string[] claims =
            [.. Directory.GetFiles(Path.Combine(Root(), "src", "LastBit.Reports"), "*Claim*.cs", SearchOption.AllDirectories)];
        Assert.True(claims.Length > 8, $"There are {claims.Length} claims.");
        Assert.All(claims,
            file => Assert.DoesNotMatch(@"using (ScottPlot|SkiaSharp|LastBit\.Reports\.(Figures|Page|Sections))", File.ReadAllText(file)));
    }

    [Theory]
    [InlineData("LastBit", "")]
    [InlineData("LastBit.Imports", "LastBit")]
    [InlineData("LastBit.Reports", "LastBit,LastBit.Imports")]
    [InlineData("LastBit.Cli", "LastBit,LastBit.Reports,LastBit.Imports")]
    public void Projects_import_one_way(string project, string allowed)
    {
        string text = File.ReadAllText(Path.Combine(Root(), "src", project, $"{project}.csproj"));
        string[] references = [.. ProjectReference().Matches(text).Select(match => match.Groups[1].Value)];
        Assert.Empty(references.Except(allowed.Split(',')));
        if (project == "LastBit")
            Assert.DoesNotContain("PackageReference", text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_picture_names_every_room()
    {
        string picture = File.ReadAllText(Path.Combine(Root(), "docs", "house.md"));
        Assert.All(s_rooms.Keys.Where(room => room.Length > 0), room => Assert.Contains($"`{room}/`", picture, StringComparison.Ordinal));
    }

    /// <summary>
    /// For each folder of a project the others that it uses: by a using directive, or, of a folder that it lies in, by the name of a type,
    /// which needs no directive.
    /// Folders are namespaces.
    /// </summary>
    private static Dictionary<string, HashSet<string>> Imports(string project)
    {
        string root = Path.Combine(Root(), "src", project);
        var code = new List<(string Folder, string Code)>();
        foreach (string file in Directory.GetFiles(root, "*.cs", SearchOption.AllDirectories))
        {
            string folder = Path.GetRelativePath(root, Path.GetDirectoryName(file)!).Replace('\\', '/').TrimStart('.');
            if (folder.Split('/')[0] is "obj" or "bin" || file.EndsWith(".g.cs", StringComparison.Ordinal))
                continue;
            // The entry point stands above all commands, in no namespace.
            if (Path.GetFileName(file) == "Program.cs")
                continue;
            string text = Comment().Replace(File.ReadAllText(file), "");
            Assert.Contains($"namespace {(folder.Length == 0 ? project : $"{project}.{folder.Replace('/', '.')}")};", text,
                StringComparison.Ordinal);
            code.Add((folder, text));
        }
        var types = code.GroupBy(file => file.Folder).ToDictionary(
            group => group.Key,
            group => group.SelectMany(file => TypeDeclaration().Matches(file.Code).Select(match => match.Groups[1].Value)).ToHashSet());
        var imports = types.Keys.ToDictionary(folder => folder, _ => new HashSet<string>());
        foreach ((string folder, string text) in code)
        {
            foreach (Match directive in UsingDirective().Matches(text))
            {
                // "using LastBit.Engines.Cpu;" names the folder Engines/Cpu and not Engines; an alias names a type of a folder.
                string name = $"{directive.Groups[1].Value}.";
                if (name.StartsWith($"{project}.", StringComparison.Ordinal) && types.Keys.Where(to => to.Length > 0
                    && name.StartsWith($"{project}.{to.Replace('/', '.')}.", StringComparison.Ordinal)).MaxBy(to => to.Length) is { } used)
                {
                    imports[folder].Add(used);
                }
            }
            string[] words = [.. Word().Matches(Literal().Replace(text, "")).Select(match => match.Value).Distinct()];
            for (string outer = folder; outer.Length > 0;)
            {
                outer = outer.Contains('/', StringComparison.Ordinal) ? outer[..outer.LastIndexOf('/')] : "";
                if (types.TryGetValue(outer, out HashSet<string>? declared)
                    && words.Any(word => declared.Contains(word) && !types[folder].Contains(word)))
                    imports[folder].Add(outer);
            }
            imports[folder].Remove(folder);
        }
        Assert.NotEmpty(imports);
        return imports;
    }

    private static string Root()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "LastBit.slnx")))
            folder = Path.GetDirectoryName(folder)!;
        return folder;
    }

    [GeneratedRegex(@"//[^\n]*")]
    private static partial Regex Comment();

    [GeneratedRegex(@"\busing (?:\w+ = |static )?([A-Za-z0-9.]+);")]
    private static partial Regex UsingDirective();

    [GeneratedRegex(@"(?m)^(?:public |internal |file )?(?:(?:static|sealed|abstract|partial|readonly|unsafe|ref) )*"
        + @"(?:record struct|record|class|struct|enum|interface|delegate [\w<>?]+) (\w+)")]
    private static partial Regex TypeDeclaration();

    [GeneratedRegex(@"""(?:[^""\\\n]|\\.)*""")]
    private static partial Regex Literal();

    [GeneratedRegex(@"\b[A-Z]\w*")]
    private static partial Regex Word();

    [GeneratedRegex(@"ProjectReference Include=""[^""]*?([A-Za-z.]+)\.csproj""")]
    private static partial Regex ProjectReference();
}
