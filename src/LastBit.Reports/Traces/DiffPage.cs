using LastBit.Arithmetic;
using LastBit.Files;
using LastBit.Reports.Page;
using LastBit.Traces;

namespace LastBit.Reports.Traces;

/// <summary>report.html of `diff`: the answer, question by question, the map, the growth, and what to do. One file, no network.</summary>
public static class DiffPage
{
    /// <summary>Draws the figures and writes the page.</summary>
    /// <param name="folder">The folder for report.html and figures/.</param>
    /// <param name="compared">What was compared.</param>
    /// <param name="commandLine">The line that does it again.</param>
    /// <returns>The path of the page.</returns>
    /// <exception cref="InputException">The folder cannot be written.</exception>
    public static string Write(string folder, TraceGroups compared, string commandLine)
    {
        ArgumentNullException.ThrowIfNull(compared);
        TraceDifference[] pairs = [.. compared.Parted, .. compared.PartlyEqual];
        if (pairs.Length == 0)
            pairs = [compared.Pairs[0]];
        string title = TitleOf(pairs[0]);
        Markup body = Markup.Of($"""
            <header>
            <p class="eyebrow">LastBit · diff · {compared.Files.Count} traces</p>
            <h1>{title}</h1>
            {(compared.Files.Count == 2 ? Markup.Empty : Markup.Join(compared.Groups.Select(group =>
                Markup.Of($"<p>{(group.Count == 1 ? "" : "Equal: ")}{string.Join(", ", group)}</p>"))))}
            </header>
            <main id="main">
            {Markup.Join(pairs.Select((pair, number) => Section(folder, pair, number)))}
            <section class="claim" aria-labelledby="again-title">
            <h2 id="again-title">To repeat it</h2>
            <pre>{commandLine}</pre>
            </section>
            </main>
            <footer><p>Made by LastBit {MachineInfo.Current.Version}. The page needs no network.</p>
            <details><summary>Licence of uPlot, the chart library in this page</summary><pre>{PageAssets.Licence}</pre></details>
            </footer>
            """);
        string path = Path.Combine(folder, "report.html");
        AtomicFile.WriteAllText(path, PageAssets.Document($"LastBit: {title}", "report", PageAssets.Policy("'none'"), body));
        return path;
    }

    private static string TitleOf(TraceDifference pair) => pair.Parted is not { } parted
        ? $"Equal to the last bit{(pair.IsWhole ? "" : ", as far as both go")}"
        : $"Parted at step {parted.Step}: {TraceWords.What(parted.Key)}";

    private static Markup Section(string folder, TraceDifference pair, int number)
    {
        string name = number == 0 ? DiffFigure.Name : $"{DiffFigure.Name}-{number + 1}";
        bool drawn = DiffFigure.Draw(folder, name, pair);
        return Markup.Of($"""
            <section class="claim" aria-labelledby="pair-{number}">
            <h2 id="pair-{number}">{Path.GetFileName(pair.Files.A)} and {Path.GetFileName(pair.Files.B)}</h2>
            <p class="answer"{(number == 0 ? new Markup(" id=\"answer\"") : Markup.Empty)}>{TraceWords.Verdict(pair)}</p>
            {HtmlTable.Of("The answer", "The questions in their order", ["question", "answer"],
                TraceWords.Lines(pair).Select(line => new[] { line.Question, Plain(line.Answer) }))}
            {(drawn ? Figure(folder, name) : Markup.Empty)}
            {Advice(pair)}
            </section>
            """);
    }

    private static Markup Figure(string folder, string name) => Markup.Of($"""
        <figure aria-label="Where they part">
        <div class="static always"><img
        alt="The relative L1 difference of the outputs of the network's modules, step by step, and of the weights."
        src="data:image/png;base64,{Convert.ToBase64String(File.ReadAllBytes(Path.Combine(folder, "figures", name + ".png")))}"></div>
        <figcaption><p>Outputs from the input (top) to the loss; blank where the kept values are equal to the last bit.
        Below it the weights.</p>
        <p class="links"><a href="figures/{name}.png">PNG</a> <a href="figures/{name}.svg">SVG</a></p></figcaption>
        </figure>
        """);

    private static Markup Advice(TraceDifference pair)
    {
        IReadOnlyList<TraceAdvice> advice = TraceAdvice.Of(pair);
        Markup table = advice.Count == 0 ? Markup.Empty : HtmlTable.Of("What to do", "Causes that are known, and what makes both equal",
            ["cause", "to make them equal", "source", "tried by us"],
            advice.Select(one => new[] { one.Cause, Plain(one.Remedy), one.Source, one.IsTried ? "yes" : "no" }));
        return TraceAdvice.Next(pair) is { } next ? Markup.Of($"{table}<p>Next: {next}.</p>") : table;
    }

    // Dollar signs begin formulas in tables; names of foreign files may hold them.
    private static string Plain(string text) => text.Replace('$', '\uFF04');
}
