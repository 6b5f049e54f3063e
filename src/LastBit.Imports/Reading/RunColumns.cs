using System.Text.RegularExpressions;

namespace LastBit.Imports.Reading;

/// <summary>
/// A table in wide form, whatever its format: a row is a step, a column is a run, and the metric is named by the file. The columns are told
/// by the pattern columns:..., or by names as seed1, run_2 and run_a.
/// </summary>
internal sealed partial class RunColumns
{
    private const string Said = "columns:";

    private readonly string _file;
    private readonly ReadingContext _context;
    private readonly string _metric;
    private readonly Regex? _pattern;
    private bool _matched;

    /// <summary>Begins a file; its metric becomes a candidate.</summary>
    public RunColumns(string file, ReadingContext context)
    {
        (_file, _context) = (file, context);
        _metric = context.Options.Metric ?? Path.GetFileNameWithoutExtension(file);
        _pattern = IsSaid(context.Options) ? RunPattern.Compile(context.Options.Runs![Said.Length..], whole: true) : null;
        context.Candidate(_metric);
    }

    /// <summary>Whether columns are runs.</summary>
    /// <param name="values">The names of those that hold values, neither counting nor describing.</param>
    /// <param name="options">What is said by hand; a column of the name of the metric that is asked for is that metric and not a
    /// run.</param>
    public static bool Are(IReadOnlyList<string> values, ImportOptions options) =>
        IsSaid(options) || (options.Metric is null || !values.Contains(options.Metric)) && values.Count > 1
            && values.All(name => UsualName().IsMatch(name));

    /// <summary>The run of a column; null where it is none, and while names of metrics are collected.</summary>
    public RawRun? Of(string name)
    {
        if (ColumnRoles.Of(name, _context.Options) == ColumnRole.Step || !(_pattern ?? UsualName()).IsMatch(name))
            return null;
        _matched = true;
        if (_context.IsSurvey || !_context.Wants(_metric))
            return null;
        RawRun run = _context.Run(_file, name);
        (run.Name, run.IsTold) = (name, true);
        if (_pattern is not null)
            RunPattern.Apply(_pattern, name, run);
        RunPattern.ApplyUsual(name, run);
        return run;
    }

    /// <summary>Ends the file.</summary>
    /// <param name="names">Its columns.</param>
    /// <exception cref="InputException">No column matches the pattern that was given.</exception>
    public void Finish(IEnumerable<string> names)
    {
        if (_pattern is not null && !_matched)
            throw new InputException($"{_file}: no column matches the pattern of --runs; its columns are {Foreign.List(names)}");
    }

    private static bool IsSaid(ImportOptions options) => options.Runs?.StartsWith(Said, StringComparison.Ordinal) == true;

    [GeneratedRegex(@"^(?:.*[ _\-./])?(?:seed|fold|run|trial|repeat|replicate|rep|s|r)[ _\-=:]?[0-9]+(?:$|[ _\-./,].*$)"
        + @"|^(?:run|trial|repeat|replicate|rep)[ _\-=:][a-z]$|^[0-9]+$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex UsualName();
}
