using LastBit.Imports.Reading;

namespace LastBit.Imports.Formats;

/// <summary>Every format that is read.</summary>
internal static class LogFormats
{
    /// <summary>In the order in which they are asked: the first that knows a file has it.</summary>
    public static IReadOnlyList<ILogFormat> All { get; } =
    [
        new ForeignFormats(), new NpyLog(), new TensorBoardLog(), new MlflowLog(), new JsonLinesLog(isCertain: true),
        new TrainerState(), new AccuracyDocument(), new DivergenceLog(), new TrainDocument(), new LmEvaluation(), new SacredMetrics(),
            new JsonLists(),
        new JsonLinesLog(isCertain: false), new JsonObject(),
        new WandbChartCsv(), new CorrectnessCsv(), new WideCsv(), new MonitorCsv(), new LongCsv(), new TextLog(),
    ];

    /// <summary>What a file is; null where it is no log.</summary>
    /// <param name="file">The file.</param>
    /// <param name="options">What is said by hand; with a pattern of lines every log is a text.</param>
    public static LogFile? Recognise(FoundFile file, ImportOptions options)
    {
        if (options.Pattern is not null)
            return All.OfType<TextLog>().Single().Recognise(file, options);
        return All.Select(format => format.Recognise(file, options)).FirstOrDefault(log => log is not null);
    }
}
