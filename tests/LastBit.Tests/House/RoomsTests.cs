using System.Text.RegularExpressions;

namespace LastBit.Tests.House;

/// <summary>docs/house.md: imports run one way, between projects and between the rooms of one, and never in a circle.</summary>
public partial class RoomsTests
{
    /// <summary>What each room of src/LastBit may import; the first is what lies in no room, which all may use.</summary>
    private static readonly Dictionary<string, string[]> s_rooms = new()
    {
        [""] = ["Arithmetic", "Files"],
        ["Arithmetic"] = [],
        ["Random"] = ["Arithmetic"],
        ["Files"] = [],
        ["LinearAlgebra"] = ["Arithmetic", "Random"],
        ["Statistics"] = ["Arithmetic", "Random"],
        ["Pde"] = ["Arithmetic", "Random", "Files", "LinearAlgebra"],
        ["Models"] = ["Arithmetic", "Random"],
        ["Engines"] = ["Arithmetic", "Models"],
        ["Engines/Cpu/Kernels"] = ["Arithmetic", "Random"],
        ["Engines/Cpu"] = ["Arithmetic", "Random", "Models", "Engines", "Engines/Cpu/Kernels"],
        ["Data"] = ["Arithmetic", "Random", "Files", "Models"],
        ["Runs"] = ["Arithmetic", "Random", "Files"],
        ["Training"] = ["Arithmetic", "Random", "Files", "Data", "Models", "Engines", "Runs"],
        ["Experiments"] =
        [
            "Arithmetic", "Random", "Files", "LinearAlgebra", "Statistics", "Pde", "Models", "Engines", "Engines/Cpu",
            "Data", "Training", "Runs",
        ],
    };

    /// <summary>Known exceptions, room to room: to be taken off the list as they go, and no longer allowed once they are gone.</summary>
    private static readonly (string From, string To)[] s_exceptions = [];

    [Fact]
    public void No_room_imports_upward()
    {
        var imports = Imports("src/LastBit", "LastBit");
        Assert.Empty(imports.Keys.Except(s_rooms.Keys));
        var upward = imports.SelectMany(room => room.Value.Except(s_rooms[room.Key]).Select(to => (room.Key, to))).ToArray();
        Assert.Empty(upward.Except(s_exceptions));
        Assert.Empty(s_exceptions.Except(upward));
    }

    [Fact]
    public void What_is_allowed_has_no_circles() => AssertNoCircles(s_rooms);

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

    private static void AssertNoCircles(Dictionary<string, string[]> imports)
    {
        var left = new Dictionary<string, string[]>(imports);
        while (left.Count > 0)
        {
            var free = left.Keys.Where(room => !left[room].Any(left.ContainsKey)).ToArray();
            Assert.True(free.Length > 0, $"There is a circle among {string.Join(", ", left.Keys)}.");
            foreach (string room in free)
                left.Remove(room);
        }
    }

    /// <summary>Which rooms the files of each room name in a using directive. Rooms are folders, and namespaces follow them.</summary>
    private static Dictionary<string, HashSet<string>> Imports(string project, string root)
    {
        string folder = Path.Combine(Root(), project);
        var imports = new Dictionary<string, HashSet<string>>();
        foreach (string file in Directory.GetFiles(folder, "*.cs", SearchOption.AllDirectories))
        {
            string room = Path.GetDirectoryName(Path.GetRelativePath(folder, file))!.Replace('\\', '/');
            if (room.StartsWith("obj", StringComparison.Ordinal) || room.StartsWith("bin", StringComparison.Ordinal))
                continue;
            string code = Comment().Replace(File.ReadAllText(file), "");
            string home = room.Length == 0 ? root : $"{root}.{room.Replace('/', '.')}";
            Assert.Contains($"namespace {home};", code, StringComparison.Ordinal);
            if (!imports.TryGetValue(room, out var named))
                imports.Add(room, named = []);
            foreach (Match directive in UsingDirective().Matches(code))
            {
                // "using LastBit.Engines.Cpu;" names the room Engines/Cpu and not Engines; an alias names a type of a room.
                string? to = s_rooms.Keys.Where(name => name.Length > 0 && $"{directive.Groups[1].Value}.".StartsWith($"{root}.{name.Replace('/', '.')}.", StringComparison.Ordinal))
                    .MaxBy(name => name.Length);
                if (to is not null && to != room)
                    named.Add(to);
            }
        }
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

    [GeneratedRegex(@"\busing (?:\w+ = )?([A-Za-z0-9.]+);")]
    private static partial Regex UsingDirective();

    [GeneratedRegex(@"ProjectReference Include=""[^""]*?([A-Za-z.]+)\.csproj""")]
    private static partial Regex ProjectReference();
}
