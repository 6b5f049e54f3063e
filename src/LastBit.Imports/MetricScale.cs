namespace LastBit.Imports;

/// <summary>The unit of a metric, as its name and its values tell it.</summary>
public enum MetricScale
{
    /// <summary>Neither a percentage nor a fraction: a loss, a perplexity, a score without bounds.</summary>
    Plain,

    /// <summary>An accuracy or the like between 0 and 1; times 100 it is in percent.</summary>
    Fraction,

    /// <summary>An accuracy or the like between 0 and 100.</summary>
    Percent,
}
