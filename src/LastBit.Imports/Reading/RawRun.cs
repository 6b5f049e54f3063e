namespace LastBit.Imports.Reading;

/// <summary>A run while it is read: what its file says of it, and the values of the metric in the order of the file.</summary>
/// <param name="source">The file, or the folder of a run of many files.</param>
/// <param name="inner">What tells it from the other runs of the same file; empty where there is only one.</param>
internal sealed class RawRun(string source, string inner)
{
    public string Source { get; } = source;

    public string Inner { get; } = inner;

    public string? Name { get; set; }

    public string? Seed { get; set; }

    public string? K { get; set; }

    public string? Fold { get; set; }

    public string? Group { get; set; }

    /// <summary>Why the run cannot be used, as its own log says ("crashed"); null for a good one.</summary>
    public string? Bad { get; set; }

    public SortedDictionary<string, string> Params { get; } = new(StringComparer.Ordinal);

    public List<double> Steps { get; } = [];

    public List<double> Values { get; } = [];

    /// <summary>The line of each value, from 1; 0 where the format has no lines.</summary>
    public List<int> Lines { get; } = [];

    public PassRate? PassRate { get; set; }

    /// <summary>True where the file itself says which rows are this run: a seed or a name in a column.</summary>
    public bool IsTold { get; set; }

    /// <summary>True where no column counts and row numbers are the steps.</summary>
    public bool CountsRows { get; set; }

    public void Add(double step, double value, int line)
    {
        Steps.Add(step);
        Values.Add(value);
        Lines.Add(line);
    }

    /// <summary>Takes what a column or a parameter says of the run; an empty text says nothing.</summary>
    public void Describe(ColumnRole role, string text)
    {
        if (Foreign.IsMissing(text))
            return;
        switch (role)
        {
            case ColumnRole.Seed: Seed ??= text; break;
            case ColumnRole.K: K ??= text; break;
            case ColumnRole.Fold: Fold ??= text; break;
            case ColumnRole.Group: Group ??= text; break;
            case ColumnRole.Run: Name ??= text; break;
            default: break;
        }
    }

    /// <summary>The file, and the line where there is one, as compilers write them.</summary>
    public string At(int index) => Lines[index] > 0 ? $"{Source}:{Lines[index]}" : Source;
}
