using LastBit.Files;
using LastBit.Runs;

namespace LastBit.Cli.Execution;

/// <summary>One submission of a run folder.</summary>
/// <param name="Job">The number of the job array.</param>
/// <param name="Gather">The number of the job that puts the cells together; null where it was not accepted.</param>
/// <param name="Tasks">The cells of each task, by its index.</param>
internal sealed record SlurmSubmission(string Job, string? Gather, string[][] Tasks);

/// <summary>What jobs.json holds.</summary>
/// <param name="Submissions">The last one last.</param>
internal sealed record SlurmDocument(SlurmSubmission[] Submissions);

/// <summary>What a run folder has been submitted as: slurm/jobs.json.</summary>
internal static class SlurmJobs
{
    /// <summary>The submissions, the last one last; empty where there was none.</summary>
    /// <exception cref="InputException">The file is damaged.</exception>
    internal static SlurmSubmission[] Read(string folder)
    {
        const string Remedy = "delete it, and ask squeue for the jobs";
        string file = FileOf(folder);
        if (!File.Exists(file))
            return [];
        SlurmSubmission[] read = IsList(file) ? DocumentFile.Read<SlurmSubmission[]>(file, Remedy)
            : DocumentFile.Read<SlurmDocument>(file, Remedy).Submissions;
        // Their numbers become arguments of Slurm's commands and names of logs.
        return read.SelectMany(one => new[] { one.Job, one.Gather }).OfType<string>()
            .FirstOrDefault(job => !SlurmCommand.IsNumber(job)) is { } strange
            ? throw new InputException($"{file}: '{ForeignText.Cut(strange)}' is not the number of a job; {Remedy}")
            : read;
    }

    /// <summary>Adds a submission, or says more of the one of its number.</summary>
    internal static void Put(string folder, SlurmSubmission submission) =>
        AtomicFile.WriteAllText(FileOf(folder),
            ResultJson.Document(new SlurmDocument([.. Read(folder).Where(one => one.Job != submission.Job), submission])));

    // Older versions wrote the list alone, without a checksum.
    private static bool IsList(string file)
    {
        try
        {
            using FileStream stream = File.OpenRead(file);
            return stream.ReadByte() == '[';
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It is named when it is read.
            return false;
        }
    }

    private static string FileOf(string folder) => Path.Combine(folder, RunFolder.JobsFolder, "jobs.json");
}
