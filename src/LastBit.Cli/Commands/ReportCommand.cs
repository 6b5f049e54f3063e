using System.CommandLine;
using System.Text.Json.Nodes;
using LastBit.Reports;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit report DIR`: (re)builds report.html from what a folder holds.</summary>
internal static class ReportCommand
{
    internal static Command Create()
    {
        var folder = new Argument<string>("DIR") { Description = "A folder that a run has filled." };
        var outFolder = OptionTypes.PathTo("--out", "DIR", "The folder for report.html and figures/.", "the result folder");
        var command = new Command("report", "Builds report.html from a result folder: the paper claim by claim, with a verdict for each.")
        {
            folder, outFolder, CommonOptions.Threads, CommonOptions.Json, CommonOptions.Quiet,
        };
        command.SetAction(parse =>
        {
            string results = parse.GetRequiredValue(folder);
            string report = Report.Rebuild(results, parse.GetValue(outFolder));
            if (parse.GetValue(CommonOptions.Json))
                Terminal.OutWriter.WriteLine(
                    Json.Text(new JsonObject { ["report"] = report, ["claims"] = Json.Claims(Report.Answered(results)) }));
            else
                Terminal.OutWriter.WriteLine(report);
            return CommandLine.Done;
        });
        return command.Example("lastbit report runs/reproduce-20260101-120000", "builds the page again from the files of a run")
            .Example("lastbit report runs/figure2 --json", "the verdicts, for a script");
    }
}
