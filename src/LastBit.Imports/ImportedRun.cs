namespace LastBit.Imports;

/// <summary>One training as somebody's log tells it: who it is, and the chosen metric step by step.</summary>
/// <param name="Source">The file (or the folder of a run of many files) that it was read from, as the user can find it.</param>
/// <param name="Name">What tells the run from the others of the same answer; unique among them.</param>
/// <param name="Group">The training that it belongs to where the log tells several apart (a recipe, a model); null otherwise.</param>
/// <param name="Seed">The seed, where the log, its path or its parameters say it; 64 bits, with a sign or without.</param>
/// <param name="Perturbation">How the run was rounded otherwise ("1", "3", "ulp"), where the log says it; null for a run that was not
/// perturbed on purpose.</param>
/// <param name="Params">What else the log says of the run, word by word.</param>
/// <param name="Steps">Where each value was recorded (epoch, step), rising, in the log's own counting; as many as values, at least
/// one.</param>
/// <param name="Values">The metric, in the log's own unit; every value is finite.</param>
public sealed record ImportedRun(
    string Source, string Name, string? Group, Int128? Seed, string? Perturbation,
    IReadOnlyDictionary<string, string> Params, double[] Steps, double[] Values)
{
    /// <summary>The fold or split of the data, where the log or its path says it: runs of one fold share their data, whatever trained on
    /// it.</summary>
    public string? Fold { get; init; }

    /// <summary>The last recorded step.</summary>
    public double LastStep => Steps[^1];
}
