namespace LastBit.Traces;

/// <summary>What is recorded of the first steps of a training, and where it goes. No bit of the training depends on it.</summary>
/// <param name="File">The trace; null for none.</param>
/// <param name="Batches">The folder for batches as .npy files; null for none.</param>
/// <param name="Steps">How many steps, from the one that the process begins with.</param>
public sealed record TraceSettings(string? File, string? Batches, int Steps);
