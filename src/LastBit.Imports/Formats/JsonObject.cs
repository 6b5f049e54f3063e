using System.Text.Json;
using System.Text.RegularExpressions;
using LastBit.Imports.Reading;

namespace LastBit.Imports.Formats;

/// <summary>
/// One flat object for each run with the results of its end, as Hugging Face's all_results.json and eval_results.json, DVCLive's
/// metrics.json and Weights &amp; Biases' wandb-summary.json; a member of an object inside is OUTER.INNER. The last of the formats in JSON,
/// it names what is damaged.
/// </summary>
internal sealed partial class JsonObject : ILogFormat
{
    private const string All = "all_results.json";

    /// <inheritdoc/>
    public int Rank => 1;

    /// <inheritdoc/>
    public LogFile? Recognise(FoundFile file, ImportOptions options) =>
        file.DamageOfJson is { } damage ? new LogFile(file, this, "damaged JSON") { Problem = damage }
        : (file.IsNamed || UsualName().IsMatch(file.Name)) && file.Json is { } root
            && JsonFile.Flat(root).Any(member => JsonFile.TryNumber(member.Value, out _))
            ? new LogFile(file, this, "JSON with one object per run") : null;

    /// <inheritdoc/>
    public bool MayCover(string name) => name == All;

    /// <inheritdoc/>
    public bool Covers(LogFile log, string file) => log.File.Name == All && Path.GetDirectoryName(file) == Path.GetDirectoryName(log.Path)
        && file.EndsWith("_results.json", StringComparison.Ordinal);

    /// <inheritdoc/>
    public void Read(LogFile log, ReadingContext context)
    {
        RawRun? run = context.IsSurvey ? null : context.Run(log.Path, "");
        double step = 1, value = 0;
        (int order, bool any) = (int.MaxValue, false);
        foreach ((string name, JsonElement member) in JsonFile.Flat(log.File.Json!.Value))
        {
            bool isNumber = JsonFile.TryNumber(member, out double number);
            ColumnRole role = ColumnRoles.Of(name, context.Options);
            if (isNumber && role == ColumnRole.Value && (!ColumnRoles.IsTiming(name) || name == context.Options.Metric))
            {
                if (run is null)
                    context.Candidate(name);
                else if (context.Wants(name))
                    (value, any) = (number, true);
            }
            else if (isNumber && role == ColumnRole.Step && ColumnRoles.StepOrder(name, context.Options) < order)
                (step, order) = (number, ColumnRoles.StepOrder(name, context.Options));
            else if (run is not null)
            {
                run.Params[name] = member.ToString();
                run.Describe(role, member.ToString());
            }
        }
        if (run is null)
            return;
        run.IsTold = true;
        if (any)
            run.Add(step, value, 0);
    }

    [GeneratedRegex(@"results?|metrics|summary|scores?|eval", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex UsualName();
}
