using System.Globalization;
using System.Text.Json.Nodes;
using LastBit.Arithmetic;
using LastBit.Files;
using LastBit.Reports.Page;

namespace LastBit.Reports.Trainings;

/// <summary>
/// report.html of `noise` and `compare`: the answer, every run, the numbers, and how to do it again. One file that needs nothing else.
/// </summary>
public static class RunsPage
{
    /// <summary>Draws the figures and writes the page.</summary>
    /// <param name="folder">The folder for report.html and figures/.</param>
    /// <param name="content">What to show.</param>
    /// <returns>The path of the page.</returns>
    /// <exception cref="InputException">The folder cannot be written.</exception>
    public static string Write(string folder, RunsPageContent content)
    {
        ArgumentNullException.ThrowIfNull(content);
        (IReadOnlyList<ShownGroup> drawn, int every) = DrawnRuns.Of(content.Groups);
        RunsFigure.Draw(folder, content, DrawnRuns.Of(drawn, DrawnRuns.MostFigurePoints).Groups);
        string path = Path.Combine(folder, "report.html");
        AtomicFile.WriteAllText(path, Html(content with { Groups = drawn }, every, Image(folder, RunsFigure.Name),
            RunsFigure.HasCurves(drawn) ? Image(folder, RunsFigure.CurvesName) : ""));
        return path;
    }

    private static string Image(string folder, string name) =>
        Convert.ToBase64String(File.ReadAllBytes(Path.Combine(folder, "figures", $"{name}.png")));

    private static string Html(RunsPageContent content, int every, string figure, string curves)
    {
        int runs = content.Groups.Sum(group => group.Runs.Count);
        string[] values = WithEqualDecimals([.. content.Groups.SelectMany(group => group.Runs.Select(run => run.Value))]);
        Markup body = Markup.Of($"""
            <header>
            <p class="eyebrow">LastBit · {content.Command} · {runs} runs · {content.Measure.Description}</p>
            <h1>{content.Title}</h1>
            {Markup.Join(content.Answers.Select(answer => Markup.Of($"""<p class="answer" id="answer">{answer}</p>""")).Take(1))}
            {Markup.Join(content.Answers.Skip(1).Select(answer => Markup.Of($"<p>{answer}</p>")))}
            </header>
            <main id="main">
            <section class="claim" aria-labelledby="runs-title">
            <h2 id="runs-title">Every run</h2>
            <figure aria-label="Every run">
            <div class="static always"><img
            alt="{content.Measure.Name} of every run as a dot, with the mean of each training and its 95% interval."
            src="data:image/png;base64,{figure}"></div>
            <figcaption><p>Each circle is a run{(content.Differences.Count > 0 ? ", and below them the difference of a pair" : "")}.
            A diamond is the mean, with its 95% interval.</p>
            <p class="links"><a href="figures/{RunsFigure.Name}.png">PNG</a>
            <a href="figures/{RunsFigure.Name}.svg">SVG</a></p></figcaption>
            </figure>
            {Curves(content, every, curves)}
            </section>
            <section class="claim" aria-labelledby="numbers-title">
            <h2 id="numbers-title">The numbers</h2>
            {Markup.Join(content.Tables.Select(table => HtmlTable.Of(table.Caption, table.Caption, table.Headings, table.Rows)))}
            {HtmlTable.Of("Runs", "The runs and the number that each is judged by",
                ["run", "training", "seed", "perturbation", $"#{content.Measure.Name}"],
                content.Groups.SelectMany(group => group.Runs.Select(run => (Group: group.Name, Run: run)))
                    .Zip(values, (one, value) => new[]
                    {
                        one.Run.Name, one.Group, one.Run.Seed ?? "–", one.Run.Perturbation ?? "–", value,
                    }))}
            </section>
            <section class="claim" aria-labelledby="read-title">
            <h2 id="read-title">What was read, and what to know of it</h2>
            <ul>
            {Markup.Join(content.Recognised.Concat(content.Notes).Select(note => Markup.Of($"<li>{note}</li>")))}
            </ul>
            <h3>For a methods section</h3>
            <p>{content.Methods}</p>
            <h3>The command</h3>
            <pre>{content.CommandLine}</pre>
            </section>
            </main>
            <footer><p>Made by LastBit {MachineInfo.Current.Version}. The page needs no network.</p>
            <details><summary>Licence of uPlot, the chart library in this page</summary><pre>{PageAssets.Licence}</pre></details>
            </footer>
            """);
        return PageAssets.Document($"LastBit: {content.Title}", "report", PageAssets.Policy("'none'"), body);
    }

    /// <summary>Numbers of one column: six digits at most, and as many behind the point in each.</summary>
    private static string[] WithEqualDecimals(double[] values)
    {
        string[] texts = [.. values.Select(value => value.ToString("G6", CultureInfo.InvariantCulture))];
        if (texts.Any(text => text.Contains('E', StringComparison.Ordinal)))
            return texts;
        int decimals = texts.Max(text => text.IndexOf('.', StringComparison.Ordinal) is >= 0 and int point ? text.Length - 1 - point : 0);
        return [.. values.Select(value => value.ToString($"F{decimals}", CultureInfo.InvariantCulture))];
    }

    private static Markup Curves(RunsPageContent content, int every, string image)
    {
        ShownRun[] all = [.. content.Groups.SelectMany(group => group.Runs)];
        string?[] seeds = [.. all.Select(run => run.Seed).Distinct()];
        // One colour a training; of one training, one colour a seed, so that what rounding alone does can be seen.
        (Curve Curve, int Colour)[] drawn =
        [
            .. content.Groups.SelectMany((group, number) => group.Runs.Where(run => run.Values.Length > 1).Select(run => (
                new Curve(content.Groups.Count > 1 ? $"{group.Name}: {run.Name}" : run.Name, run.Steps, run.Values),
                content.Groups.Count > 1 ? number : seeds.Length > 1 ? Array.IndexOf(seeds, run.Seed) : Array.IndexOf(all, run)))),
        ];
        Curve[] curves = [.. drawn.Select(one => one.Curve)];
        if (curves.Length == 0)
            return Markup.Empty;
        double from = RunsFigure.LastSteps(content.Groups).From;
        int[] last = [.. Enumerable.Range(0, curves.Length).Where(i => curves[i].X.Count(step => step >= from) > 1)];
        Curve[] enlarged = [.. last.Select(i => new Curve(curves[i].Label, [.. curves[i].X.Where(step => step >= from)],
            [.. curves[i].Y.Where((_, at) => curves[i].X[at] >= from)]))];
        string whole = Options("Learning curves", drawn.Select(one => one.Colour), RunsFigure.Settled(content.Groups));
        (Markup Chart, Markup Link) end = enlarged.Length == 0 ? (Markup.Empty, Markup.Empty) : (
            Markup.Of($"""
                <div class="chart" data-finding="answer" data-csv="csv-last"
                data-chart="{Options("The last steps", last.Select(i => drawn[i].Colour), from)}"></div>
                """),
            Markup.Of($"""
                <a class="csv" id="csv-last" download="last-steps.csv"
                href="{Csv.ToDataAddress(Csv.Write("step", enlarged))}">Last steps (CSV)</a>
                """));
        Markup thinned = every == 1 ? Markup.Empty
            : Markup.Of($"<p>One recorded step in {every} is drawn, and the last one; the numbers are of all.</p>");
        return Markup.Of($"""
            <figure aria-label="Learning curves">
            <div class="static"><img alt="{content.Measure.Name} at every step, and below at the last steps."
            src="data:image/png;base64,{image}"></div>
            <div class="charts"><div class="chart" data-finding="answer" data-csv="csv-curves" data-chart="{whole}"></div>
            {end.Chart}</div>
            <figcaption>{thinned}
            <p class="links"><a href="figures/{RunsFigure.CurvesName}.png">PNG</a> <a href="figures/{RunsFigure.CurvesName}.svg">SVG</a>
            <a class="csv" id="csv-curves" download="curves.csv" href="{Csv.ToDataAddress(Csv.Write("step", curves))}">Data (CSV)</a>
            {end.Link}</p></figcaption>
            </figure>
            """);

        string Options(string title, IEnumerable<int> colours, double settled) => new JsonObject
        {
            ["title"] = title,
            ["xLabel"] = "step",
            ["yLabel"] = content.Label,
            ["logX"] = false,
            ["logY"] = false,
            ["kind"] = "lines",
            ["settled"] = settled,
            ["colours"] = new JsonArray([.. colours.Select(colour => (JsonNode)colour)]),
        }.ToJsonString();
    }
}
