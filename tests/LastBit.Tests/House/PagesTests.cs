using System.Text.RegularExpressions;
using LastBit.Cli.Commands;
using LastBit.Tests.Cli;

namespace LastBit.Tests.House;

/// <summary>What README and docs say of the command line is so, and their links lead somewhere.</summary>
public sealed partial class PagesTests
{
    private static readonly string[] s_pages =
    [
        .. Directory.GetFiles(Repository.Root, "*.md"), .. Directory.GetFiles(Path.Combine(Repository.Root, "docs"), "*.md"),
        .. Directory.GetFiles(Path.Combine(Repository.Root, "examples"), "*.md"),
    ];

    /// <summary>The pages and lines of the blocks that are marked to be run; what they print stands in the block below each.</summary>
    public static TheoryData<string, int> Runnable()
    {
        var blocks = new TheoryData<string, int>();
        foreach (string page in s_pages)
        {
            foreach ((int number, string line) in File.ReadLines(page).Index())
            {
                if (line == "```sh run")
                    blocks.Add(Path.GetRelativePath(Repository.Root, page), number);
            }
        }
        return blocks;
    }

    [Theory]
    [MemberData(nameof(Runnable))]
    public void A_block_that_is_marked_prints_what_stands_below_it(string page, int number)
    {
        using var folder = new TemporaryFolder();
        string[] lines = File.ReadAllLines(Path.Combine(Repository.Root, page));
        string[] commands = [.. lines.Skip(number + 1).TakeWhile(line => line != "```")];
        Assert.NotEmpty(commands);
        int answer = number + commands.Length + 2;
        Assert.Equal("```text", lines[answer]);
        var printed = new List<string>();
        foreach ((int i, string command) in commands.Index())
        {
            string[] words = [.. command.Split(" #")[0].Split(' ', StringSplitOptions.RemoveEmptyEntries)];
            Assert.Equal("./lastbit", words[0]);
            string[] made = ["--out", folder[$"run{i}"]];
            LastBitProcess run = LastBitCall.Run([.. words[1..].Select(FromHere), .. made]);
            Assert.True(run.ExitCode == 0, run.Error);
            printed.AddRange(run.Output.Replace(folder.Path, "runs", StringComparison.Ordinal)
                .Replace(Repository.Root + Path.DirectorySeparatorChar, "", StringComparison.Ordinal).ReplaceLineEndings("\n").Split('\n'));
        }
        string[] stated = [.. lines.Skip(answer + 1).TakeWhile(line => line != "```")];
        Assert.NotEmpty(stated);
        // Tables begin with a line between them and what came before.
        int at = printed.FindIndex(line => line.Length > 0);
        foreach ((int i, string line) in stated.Index())
        {
            // What is left out is said by a line of full stops.
            if (line.Trim() == "...")
                at = i + 1 == stated.Length ? printed.Count : printed.FindIndex(at, one => Masked(one) == Masked(stated[i + 1]));
            else
                Assert.Equal(Masked(line), Masked(printed.ElementAtOrDefault(at++) ?? ""));
            Assert.True(at >= 0, $"{stated[Math.Min(i + 1, stated.Length - 1)]} was not printed");
        }
        Assert.All(printed.Skip(at), line => Assert.Equal("", line));

        // A path of the repository, also behind "name=".
        static string FromHere(string word)
        {
            int name = word.IndexOf('=', StringComparison.Ordinal) + 1;
            string path = Path.Combine(Repository.Root, word[name..]);
            return !word.StartsWith('-') && Path.Exists(path) ? word[..name] + path : word;
        }

        static string Masked(string line) => Duration().Replace(line.TrimEnd(), "TIME");
    }

    [Fact]
    public void Blocks_are_marked() => Assert.NotEmpty(Runnable());

    [Fact]
    public void README_names_every_command()
    {
        string readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));
        Assert.All(AllCommands.Tree.Value.Subcommands.Where(command => !command.Hidden),
            command => Assert.Matches($@"(?m)^\| .*`{command.Name}`.* \|", readme));
    }

    [Fact]
    public void Links_lead_to_a_file_and_to_a_heading_of_it()
    {
        var broken = new List<string>();
        foreach (string page in s_pages)
        {
            foreach (Match link in Link().Matches(File.ReadAllText(page)))
            {
                string[] parts = link.Groups[1].Value.Split('#');
                string target = parts[0].Length == 0 ? page : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(page)!, parts[0]));
                if (!Path.Exists(target) || (parts.Length > 1 && !Headings(target).Contains(parts[1])))
                    broken.Add($"{Path.GetFileName(page)}: {link.Groups[1].Value}");
            }
        }
        Assert.Empty(broken);
    }

    /// <summary>The anchors of a page's headings, as GitHub makes them.</summary>
    private static HashSet<string> Headings(string page) => [.. File.ReadLines(page).Where(line => line.StartsWith('#'))
        .Select(line => NotInAnchor().Replace(line.TrimStart('#').Trim().ToLowerInvariant(), "").Replace(' ', '-'))];

    [GeneratedRegex(@"(?<!\\)\]\((?!https?:|mailto:)([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInAnchor();

    [GeneratedRegex(@"\b\d+(\.\d+)? (ms|s|min|minutes|seconds)\b|\b\d\d?:\d\d(:\d\d)?\b")]
    private static partial Regex Duration();
}
