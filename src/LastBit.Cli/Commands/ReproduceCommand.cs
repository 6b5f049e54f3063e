using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using LastBit.Cli.Parts;
using LastBit.Reports;
using Spectre.Console;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit reproduce`: every figure and table, in one folder.</summary>
internal static class ReproduceCommand
{
    /// <summary>What decides the bits of a reproduction; which parts are run does not, so that parts can be added to a folder.</summary>
    private sealed record Settings(string Scale);

    internal static Command Create()
    {
        Option<string> scale = OptionTypes.Choice("--scale", "demo", ["demo", "laptop", "paper"],
            "demo: minutes, no download. laptop: all of CIFAR-10 and a smaller network. paper: the paper's sizes. "
            + "The one-layer experiments are the paper's at any scale.");
        Option<string[]> only = OptionTypes.Choices("--only", [.. Part.All.Select(part => part.Name).Order(StringComparer.Ordinal)], "Runs some parts only");
        const string Description = "Runs every figure and table at a scale and writes figures, results and a report into one folder.";
        Command command = LiveView.AddTo(new Command("reproduce", Description) { scale, only }.WithCommonOptions());
        command.SetAction(parse => Run(parse, parse.GetRequiredValue(scale), parse.GetRequiredValue(only)));
        return command.Example("lastbit reproduce", "everything that fits into a few minutes")
            .Example("lastbit reproduce --only figure3,table3 --out runs/bounds",
                "the linearized PDE and its bounds; more parts can be added to the folder later");
    }

    private static int Run(ParseResult parse, string scale, string[] names)
    {
        Part[] parts = [.. Part.All.Where(part => names.Contains(part.Name))];

        using Session session = Session.Open(parse, "reproduce", new Settings(scale));
        var results = new List<PartResult>();
        var seconds = new List<double>();
        foreach (Part part in parts)
        {
            session.Say($"[{results.Count + 1}/{parts.Length}] {part.Name}: {part.Title}");
            long begun = Stopwatch.GetTimestamp();
            results.Add(session.Run(context => part.Run(new PartRun(scale, context))));
            seconds.Add(Math.Round(Stopwatch.GetElapsedTime(begun).TotalSeconds, 3));
            Interruption.Current.Token.ThrowIfCancellationRequested();
        }

        session.RunFolder.RecordTime();
        string report = Report.Write(session.Folder);
        IReadOnlyList<ReportSection> claims = Report.Answered(session.Folder);
        var document = new JsonObject
        {
            ["folder"] = session.Folder,
            ["scale"] = scale,
            ["parts"] = new JsonArray([.. parts.Select((part, i) => new JsonObject
            {
                ["name"] = part.Name,
                ["seconds"] = seconds[i],
                ["documents"] = Names(results[i].Documents),
                ["figures"] = Names(results[i].Figures),
            })]),
            ["claims"] = Json.Claims(claims),
            ["report"] = report,
        };
        return session.Finish(Json.Text(document), Print, [.. results.SelectMany(result => result.Figures)],
            ("lastbit nonlinear --learning-rate 0.04,0.05", "where the oscillation begins"), ("Report", report));

        void Print(IAnsiConsole console)
        {
            Tables.Write(console, [.. results.SelectMany(result => result.Tables(console))]);
            if (claims.Count > 0)
                Tables.Write(console, Tables.Claims(console, claims));
        }
    }

    private static JsonArray Names(IEnumerable<string> names) => new([.. names.Select(name => JsonValue.Create(name))]);
}
