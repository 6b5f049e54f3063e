using System.CommandLine;
using LastBit.Reports;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit report DIR`: (re)builds report.html from what a folder holds.</summary>
internal static class ReportCommand
{
    internal static Command Create()
    {
        var folder = new Argument<string>("DIR") { Description = "A folder that a run has filled." };
        var command = new Command("report", "Builds report.html from a result folder: the paper claim by claim, with a verdict for each.") { folder };
        command.SetAction(parse =>
        {
            Console.Out.WriteLine(Report.Rebuild(parse.GetRequiredValue(folder)));
            return CommandLine.Done;
        });
        return command.Example("lastbit report runs/reproduce-20260101-120000", "the same page again from the files of a run");
    }
}
