using System.Text.Json;
using System.Text.RegularExpressions;

namespace LastBit.Imports.Reading;

/// <summary>What programs write beside the log of a run: its arguments, as YAML or JSON, and the first line of a text.</summary>
internal static partial class RunSettings
{
    private static readonly string[] Names =
        ["hparams.yaml", "args.yaml", "config.yaml", ".hydra/config.yaml", "args.json", "config.json", "params.json", "hparams.json",
            "hyperparameters.json"];

    private static readonly string[] Texts = ["log.txt", "train.log", "output.log"];

    /// <summary>Whether a file of this name describes a run and is no log.</summary>
    public static bool IsOne(string file) => Names.Contains(Path.GetFileName(file));

    /// <summary>The settings of the run whose log lies in a folder, by their names.</summary>
    public static IEnumerable<(string Name, string Value)> In(string folder)
    {
        foreach (string file in Names.Select(name => Path.Combine(folder, name))
            .Where(file => File.Exists(file) && Files.FolderWalk.IsOrdinary(file)))
        {
            foreach ((string name, string value) in file.EndsWith(".json", StringComparison.Ordinal) ? Json(file)
                : Yaml(file).Select(pair => (pair.Key, pair.Value)))
                yield return (name, value);
        }
        foreach (string file in Texts.Select(name => Path.Combine(folder, name))
            .Where(file => File.Exists(file) && Files.FolderWalk.IsOrdinary(file)))
        {
            if (EncodedText.FirstLines(file, 1) is [var line] && SeedIn(line) is { } seed)
                yield return ("seed", seed);
        }
    }

    /// <summary>The seed that the first line of a text says, as Namespace(lr=0.1, seed=3) or {"seed": 3}; null where it says
    /// none.</summary>
    public static string? SeedIn(string line) => SaidSeed().Match(line) is { Success: true } said ? said.Groups[1].Value : null;

    /// <summary>The scalars of a YAML file by their names, those of a block inside as OUTER.INNER; Weights &amp; Biases' value: is left
    /// away.</summary>
    public static Dictionary<string, string> Yaml(string file)
    {
        var scalars = new Dictionary<string, string>(StringComparer.Ordinal);
        var blocks = new Stack<(int Indent, string Name)>();
        foreach (string line in EncodedText.FirstLines(file, 10_000))
        {
            string text = line.TrimStart(' ');
            int indent = line.Length - text.Length, colon = text.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0 || text[0] is '#' or '-' || colon + 1 < text.Length && text[colon + 1] != ' ')
                continue;
            while (blocks.TryPeek(out (int Indent, string Name) block) && block.Indent >= indent)
                blocks.Pop();
            string name = text[..colon].Trim('\'', '"'), value = text[(colon + 1)..].Trim();
            string outer = string.Concat(blocks.Reverse().Select(block => block.Name + "."));
            if (value.Length == 0)
                blocks.Push((indent, name));
            else
                scalars[name == "value" && outer.Length > 0 ? outer[..^1] : outer + name] = value.Trim('\'', '"');
        }
        return scalars;
    }

    private static IEnumerable<(string, string)> Json(string file)
    {
        try
        {
            JsonElement root = JsonFile.Parse(file);
            return root.ValueKind == JsonValueKind.Object ? [.. JsonFile.Flat(root)
                .Select(member => (member.Name, member.Value.ToString()))] : [];
        }
        catch (InputException)
        {
            // What only describes a run does not stop its log from being read.
            return [];
        }
    }

    [GeneratedRegex(@"(?<![A-Za-z0-9_.])[""']?(?:random_|rng_|manual_)?seed[""']?\s*[=:]\s*([0-9]+)(?![0-9.])",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex SaidSeed();
}
