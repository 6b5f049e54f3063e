using System.Text;
using System.Text.RegularExpressions;

namespace LastBit.Imports.Reading;

/// <summary>What a path says of a run: by a pattern that the user gives, or by the words that people use.</summary>
internal static partial class RunPattern
{
    private static readonly string[] Places = ["seed", "k", "fold", "group", "name"];

    /// <summary>Makes the expression of a pattern as logs/{group}/seed{seed}/k{k}.</summary>
    /// <param name="pattern">Text, *, ** and the places {seed}, {k}, {group} and {name}.</param>
    /// <param name="whole">True where all of a text must match (a column), false where the end of a path may follow (a file in the run's
    /// folder).</param>
    /// <exception cref="InputException">A place is unknown, or is there twice.</exception>
    public static Regex Compile(string pattern, bool whole)
    {
        var regex = new StringBuilder(whole ? "^" : "(?:^|/)");
        var seen = new HashSet<string>();
        string rest = pattern.Replace('\\', '/');
        if (!whole && rest.StartsWith("./", StringComparison.Ordinal))
            rest = rest[2..];
        while (rest.Length > 0)
        {
            if (rest[0] == '{' && rest.IndexOf('}', StringComparison.Ordinal) is > 0 and int end)
            {
                string place = rest[1..end];
                if (!Places.Contains(place))
                    throw new InputException(
                        $"--runs: the place {Foreign.Quote(place)} is unknown; {{seed}}, {{k}}, {{fold}}, {{group}} and {{name}} are "
                            + "known");
                if (!seen.Add(place))
                    throw new InputException($"--runs: {{{place}}} is there twice; give each once");
                regex.Append(place == "seed" ? "(?<seed>[0-9]+)" : whole ? $"(?<{place}>.+?)" : $"(?<{place}>[^/]+?)");
                rest = rest[(end + 1)..];
            }
            else if (rest.StartsWith("**", StringComparison.Ordinal))
            {
                regex.Append(".*");
                rest = rest[2..];
            }
            else
            {
                regex.Append(rest[0] == '*' ? "[^/]*" : Regex.Escape(rest[..1]));
                rest = rest[1..];
            }
        }
        if (seen.Count == 0)
            throw new InputException(
                "--runs: the pattern has no place; write one with {seed}, {k}, {group} or {name}, or say rows where every row is a run");
        return new Regex(regex.Append(whole ? "$" : @"(?:$|/|\.[A-Za-z0-9]+$)").ToString(), RegexOptions.CultureInvariant);
    }

    /// <summary>Makes the expression of a pattern of lines as 'step {step}: train loss {train_loss}, val loss {val_loss}'.</summary>
    /// <param name="pattern">Text with places for numbers; those of the name of a run, a group or a split take a word. {} takes
    /// anything.</param>
    /// <returns>The expression, which is found anywhere in a line, and the names of its places; the group NAME_unit holds a number's
    /// unit.</returns>
    /// <exception cref="InputException">It has no place, or one twice.</exception>
    public static (Regex Pattern, string[] Places) CompileLine(string pattern)
    {
        var regex = new StringBuilder();
        List<string> places = [];
        for (int i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] == '{' && pattern.IndexOf('}', i) is > 0 and int end)
            {
                string place = pattern[(i + 1)..end].Trim();
                i = end;
                if (place.Length == 0)
                {
                    regex.Append(".*?");
                    continue;
                }
                if (!PlaceName().IsMatch(place))
                    throw new InputException(
                        $"--pattern: {Foreign.Quote(place)} cannot be the name of a metric; letters, digits and _ are right, as in "
                            + $"{{val_loss}}");
                if (places.Contains(place))
                    throw new InputException($"--pattern: {{{place}}} is there twice; give each once");
                places.Add(place);
                bool isName = ColumnRoles.Of(place, new ImportOptions()) is ColumnRole.Run or ColumnRole.Group or ColumnRole.Split
                    or ColumnRole.K or ColumnRole.State;
                regex.Append(isName ? $"(?<{place}>[^\\s,;|]+)"
                    : $@"(?<{place}>[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|nan|inf(?:inity)?))"
                        + $@"(?<{place}_unit>[ ]?[A-Za-zµ%]+(?![A-Za-z0-9_:=]))?");
            }
            else if (char.IsWhiteSpace(pattern[i]))
            {
                while (i + 1 < pattern.Length && char.IsWhiteSpace(pattern[i + 1]))
                    i++;
                regex.Append(@"\s+");
            }
            else
                regex.Append(Regex.Escape(pattern[i].ToString()));
        }
        return places.Count > 0
            ? (new Regex(regex.ToString(), RegexOptions.CultureInvariant | RegexOptions.IgnoreCase, TimeSpan.FromSeconds(10)), [.. places])
            : throw new InputException("--pattern: has no place for a number; write one as in 'step {step}: val loss {val_loss}'");
    }

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_]*$", RegexOptions.CultureInvariant)]
    private static partial Regex PlaceName();

    /// <summary>Fills in what the pattern finds in a text.</summary>
    /// <returns>False where it does not match.</returns>
    public static bool Apply(Regex pattern, string text, RawRun run)
    {
        Match match = pattern.Match(text.Replace('\\', '/'));
        if (!match.Success)
            return false;
        run.Seed = Value("seed") ?? run.Seed;
        run.K = Value("k") ?? run.K;
        run.Fold = Value("fold") ?? run.Fold;
        run.Group = Value("group") ?? run.Group;
        run.Name = Value("name") ?? run.Name;
        return true;

        string? Value(string place) => match.Groups[place] is { Success: true } group ? group.Value : null;
    }

    /// <summary>Fills in seed and k where a path or a column says them in the usual words and nothing else did: seed3, seed=3, seed_3, s3;
    /// k5, k=5, k_5.</summary>
    public static void ApplyUsual(string text, RawRun run)
    {
        string slashed = text.Replace('\\', '/');
        run.Seed ??= Last(UsualSeed().Matches(slashed)) ?? Last(ShortSeed().Matches(slashed));
        run.K ??= Last(UsualK().Matches(slashed));
        run.Fold ??= Last(UsualFold().Matches(slashed));

        static string? Last(MatchCollection matches) => matches.Count > 0 ? matches[^1].Groups[1].Value : null;
    }

    [GeneratedRegex(@"(?:^|[/_\-. ,(])seed[ =_\-:]{0,2}([0-9]+)(?=$|[/_\-. ,)])", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex UsualSeed();

    [GeneratedRegex(@"(?:^|[/_\-. ,(])s[=_\-]?([0-9]+)(?=$|[/_\-. ,)])", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex ShortSeed();

    [GeneratedRegex(@"(?:^|[/_\-. ,(])(?:fold|split)[ =_\-:]{0,2}([0-9]+)(?=$|[/_\-. ,)])",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex UsualFold();

    [GeneratedRegex(@"(?:^|[/_\-. ,(])k[ =_\-:]?([0-9]+)(?=$|[/_\-. ,)])", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex UsualK();
}
