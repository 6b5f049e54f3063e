using System.Globalization;
using System.Text.Json.Nodes;
using LastBit.Arithmetic;
using LastBit.Files;
using LastBit.Reports.Page;

namespace LastBit.Reports.Trainings;

/// <summary>report.html of `noise` and `compare`: the answer, every run, the numbers, and how to do it again. One file that needs nothing else.</summary>
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
        RunsFigure.Draw(folder, content.Measure, DrawnRuns.Of(drawn, DrawnRuns.MostFigurePoints).Groups);
        string path = Path.Combine(folder, "report.html");
        AtomicFile.WriteAllText(path, Html(content with { Groups = drawn }, every, File.ReadAllBytes(Path.Combine(folder, "figures", $"{RunsFigure.Name}.png"))));
        return path;
    }

    private static string Html(RunsPageContent content, int every, byte[] figure)
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
            <div class="static always"><img alt="{content.Measure.Name} of every run as a dot, with the mean of each training and its 95% interval, and the learning curves below."
            src="data:image/png;base64,{Convert.ToBase64String(figure)}"></div>
            <figcaption><p>A circle a run; a diamond the mean of a training with its 95% interval.</p>
            <p class="links"><a href="figures/{RunsFigure.Name}.png">PNG</a> <a href="figures/{RunsFigure.Name}.svg">SVG</a></p></figcaption>
            </figure>
            {Curves(content, every)}
            </section>
            <section class="claim" aria-labelledby="numbers-title">
            <h2 id="numbers-title">The numbers</h2>
            {Markup.Join(content.Tables.Select(table => HtmlTable.Of(table.Caption, table.Caption, table.Headings, table.Rows)))}
            {HtmlTable.Of("Runs", "The runs and the number that each is judged by", ["run", "training", "seed", "perturbation", $"#{content.Measure.Name}"],
                content.Groups.SelectMany(group => group.Runs.Select(run => (Group: group.Name, Run: run))).Zip(values, (one, value) => new[]
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
            <h3>The same again</h3>
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

    private static Markup Curves(RunsPageContent content, int every)
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
        string options = new JsonObject
        {
            ["title"] = "Learning curves",
            ["xLabel"] = "step",
            ["yLabel"] = content.Measure.Name,
            ["logX"] = false,
            ["logY"] = false,
            ["kind"] = "lines",
            ["colours"] = new JsonArray([.. drawn.Select(one => (JsonNode)one.Colour)]),
        }.ToJsonString();
        return Markup.Of($"""
            <figure aria-label="Learning curves">
            <div class="charts"><div class="chart" data-finding="answer" data-csv="csv-curves" data-chart="{options}"></div></div>
            <figcaption>{(every > 1 ? Markup.Of($"<p>One recorded step in {every} is drawn, and the last one; the numbers are of all.</p>") : Markup.Empty)}
            <p class="links"><a class="csv" id="csv-curves" download="curves.csv" href="{Csv.ToDataAddress(Csv.Write("step", curves))}">Data (CSV)</a></p></figcaption>
            </figure>
            """);
    }
}
