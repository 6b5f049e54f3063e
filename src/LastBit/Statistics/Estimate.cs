namespace LastBit.Statistics;

/// <summary>An estimated quantity with its two-sided 95% interval.</summary>
/// <param name="Value">The estimate.</param>
/// <param name="Low">The lower end of the interval.</param>
/// <param name="High">The upper end of the interval.</param>
/// <param name="DegreesOfFreedom">Degrees of freedom of the estimate (of a pooled one: of its within part).</param>
public sealed record Estimate(double Value, double Low, double High, int DegreesOfFreedom);
