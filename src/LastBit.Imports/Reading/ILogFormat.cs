namespace LastBit.Imports.Reading;

/// <summary>
/// A format of logs: does this file look like mine, which metrics are in it, and what are the values of one. A class and a file each, and a
/// line of LogFormats.All; nothing else knows a format by its name.
/// </summary>
internal interface ILogFormat
{
    /// <summary>Files of one answer are of one family.</summary>
    Type Family => GetType();

    /// <summary>0 for a format that is known by its content. Files of a higher rank that nobody named are no logs where there are others of
    /// a lower one.</summary>
    int Rank => 0;

    /// <summary>What becomes of a step that is there twice; null where that is an error, unless the rows show that the run was
    /// resumed.</summary>
    RepeatRule? Repeats => null;

    /// <summary>What a file is; null where it is none of this format.</summary>
    /// <param name="file">The file.</param>
    /// <param name="options">What is said by hand.</param>
    /// <exception cref="InputException">It is of this format and cannot be read by anyone but its program.</exception>
    LogFile? Recognise(FoundFile file, ImportOptions options);

    /// <summary>Reads a file: the names of its metrics while <see cref="ReadingContext.IsSurvey"/>, the values of one otherwise.</summary>
    /// <param name="log">What <see cref="Recognise"/> made of it.</param>
    /// <param name="context">Gets candidates or runs.</param>
    /// <exception cref="InputException">It is damaged.</exception>
    void Read(LogFile log, ReadingContext context);

    /// <summary>Puts the runs in order once all files were read: those that are parts of one run, for instance.</summary>
    /// <param name="runs">The runs of this format; what is taken out of it is named in the context.</param>
    /// <param name="context">Gets what is left out.</param>
    void Complete(List<RawRun> runs, ReadingContext context)
    {
    }

    /// <summary>Whether a file of this name may be the log of all that lies beside and below it, so that it is looked at first.</summary>
    bool MayCover(string name) => false;

    /// <summary>Whether another file that nobody named belongs to a log of this format and is none by itself.</summary>
    bool Covers(LogFile log, string file) => false;
}

/// <summary>Which value of a step counts that a log has twice.</summary>
/// <param name="KeepsLater">Whether it is the one that was written later.</param>
/// <param name="Why">Why the other one is left out, as the end of a sentence.</param>
internal sealed record RepeatRule(bool KeepsLater, string Why)
{
    /// <summary>A run that was resumed goes back to its last checkpoint and does once more what came after.</summary>
    public static RepeatRule Resumed { get; } = new(true, "its step was written again later, as after a run that was resumed");
}
