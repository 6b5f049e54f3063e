using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LastBit.Experiments;
using LastBit.Experiments.Train;
using LastBit.Files;
using LastBit.Reports.Accuracy;
using LastBit.Reports.Amplification;
using LastBit.Reports.Bounds;
using LastBit.Reports.Claims;
using LastBit.Reports.Divergence;
using LastBit.Reports.Edge;
using LastBit.Reports.Heat;
using LastBit.Reports.Linear;
using LastBit.Reports.NonLinear;
using LastBit.Reports.Page;
using LastBit.Reports.Results;
using LastBit.Reports.Sections;
using LastBit.Runs;

namespace LastBit.Reports;

/// <summary>report.html: the question, the answer, the paper claim by claim, and how to reproduce the same bits.</summary>
public static class Report
{
    /// <summary>The file that <see cref="Write"/> makes.</summary>
    public const string FileName = "report.html";

    private const string Question = "Two runs of gradient descent differ only in how the last bit is rounded: "
        + "do they stay together, and if not, why?";

    private const string SettingsDecide = "The bits of a result depend on the settings alone: "
        + "not on the number of threads, the width of the vectors, the processor or the system.";

    private static readonly string[] StaticKinds = ["png", "svg"];

    /// <summary>What the report knows of each experiment, in the order of the paper.</summary>
    public static IReadOnlyList<ReportPart> Parts { get; } =
    [
        AccuracySection.Part, DivergenceSection.Part, HeatSection.Part, LinearSection.Part, RegionsSection.Part, NonLinearSection.Part,
        AmplificationSection.Part,
        EdgeSections.Part,
    ];

    /// <summary>What the report knows of an experiment; null where it has nothing to say of it.</summary>
    /// <param name="experiment">The experiment.</param>
    public static ReportPart? Of(Experiment experiment) => Parts.FirstOrDefault(part => part.Experiment == experiment);

    /// <summary>The names of all documents that a run can leave in a folder and that the report gives the digests of.</summary>
    public static IReadOnlyList<string> Documents { get; } =
        [.. Parts.SelectMany(part => part.Documents).Append(TrainingRunResult.FileName).Distinct()];

    /// <summary>Draws the figures of a result folder anew and writes its report beside them.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="outFolder">Where they go; null is the result folder itself.</param>
    /// <returns>The path of the report.</returns>
    /// <exception cref="InputException">The folder holds no results, a document is damaged, or it cannot be written.</exception>
    public static string Rebuild(string folder, string? outFolder = null)
    {
        // Read first: a damaged document is better told of before anything is drawn.
        ResultFolder results = Open(folder, outFolder);
        _ = Sections(results);
        foreach (ReportPart part in Parts.Where(part => Path.Exists(Path.Combine(folder, part.Documents[0]))))
            part.Draw(folder, outFolder);
        return Write(folder, outFolder);
    }

    /// <summary>Opens a result folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="outFolder">Where its page goes; null is the folder itself.</param>
    /// <returns>The folder.</returns>
    /// <exception cref="InputException">There is no such folder, or no result in it.</exception>
    public static ResultFolder Open(string folder, string? outFolder = null) => ResultFolder.Open(folder, Documents, outFolder);

    /// <summary>Writes the report of a result folder from the documents and figures in it.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="outFolder">Where they go; null is the result folder itself.</param>
    /// <returns>The path of the report.</returns>
    /// <exception cref="InputException">The folder holds no results, a document is damaged, or it cannot be written.</exception>
    public static string Write(string folder, string? outFolder = null)
    {
        string path = Path.Combine(outFolder ?? folder, FileName);
        AtomicFile.WriteAllText(path, Html(Open(folder, outFolder)));
        return path;
    }

    /// <summary>The claims of the paper, in its order, with what a folder says of them.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>One section a claim.</returns>
    /// <exception cref="InputException">A document is damaged.</exception>
    public static IReadOnlyList<ReportSection> Sections(ResultFolder folder) =>
        [.. Parts.SelectMany(part => part.Sections).Select(section => section(folder))];

    /// <summary>The claims that a result folder can answer.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>The sections with a verdict.</returns>
    /// <exception cref="InputException">The folder holds no results, or a document is damaged.</exception>
    public static IReadOnlyList<ReportSection> Answered(string folder) =>
        [.. Sections(Open(folder)).Where(section => section.Finding.IsDecided)];

    /// <summary>The page.</summary>
    /// <param name="folder">What it is made from.</param>
    /// <returns>One HTML document that needs nothing else.</returns>
    public static string Html(ResultFolder folder)
    {
        // What is decided comes first, then what was too small to be, then what was not run; each in the order of the paper.
        IReadOnlyList<ReportSection> sections =
            [.. Sections(folder).OrderBy(section => section.Finding.IsDecided ? 0 : section.HasData ? 1 : 2)];
        ReportSection[] shown = [.. sections.Where(section => section.HasData)];
        ReportSection[] absent = [.. sections.Where(section => !section.HasData)];
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder.Path)));
        string command = folder.Run?["command"]?.ToString() ?? "lastbit";
        string? scale = (folder.Run?["settings"] as JsonObject)?["scale"]?.ToString();
        string? day = folder.Run?["started"]?.ToString() is { Length: >= 10 } started ? started[..10] : null;
        string?[] origin = [command, scale is null ? null : $"{scale} scale", name, day];
        string version = folder.Run?["version"]?.ToString() ?? "";

        Markup body = Markup.Of($"""
            <header>
            <p class="eyebrow">LastBit · {string.Join(" · ", origin.Where(part => part is not null))}</p>
            <h1>How much of a training run is rounding error?</h1>
            <p class="question">{Question} The claims of
            <a href="https://arxiv.org/abs/2206.02001v1">“Surprising Instabilities in Training Deep Networks and a Theoretical Analysis”</a>
            (NeurIPS 2022;
            <a href="https://github.com/sunyx523/surprising-instabilities">the authors’ code</a>) and of its
            <a href="https://arxiv.org/abs/2206.02001v4">journal version</a> (JMLR 2024), each with a verdict.</p>
            <p class="answer">{Headline.Of(folder, sections)}</p>
            {Scale(scale)}{Contents(shown, absent)}</header>
            <main id="main">
            <section aria-labelledby="glance-title">
            <h2 id="glance-title">The claims at a glance</h2>
            {Glance(sections)}
            </section>
            {Markup.Join(shown.Select(section => Claim(section, folder)))}{Absent(absent)}{Made(folder)}
            </main>
            <footer>
            <p>Made by LastBit {version}. Every verdict on this page is computed from the data by the rule beside it.
            The page needs no network.</p>
            <details><summary>Licence of uPlot, the chart library in this page</summary><pre>{PageAssets.Licence}</pre></details>
            </footer>
            """);
        return PageAssets.Document($"LastBit report: {name}", "report", PageAssets.Policy("'none'"), body);
    }

    private static Markup Contents(ReportSection[] shown, ReportSection[] absent)
    {
        (string Id, string Text)[] places =
        [
            ("glance-title", "At a glance"),
            .. shown.DistinctBy(section => section.Claim.Place).Select(section => (section.Id, section.Claim.Place)),
            .. absent.Length > 0 ? [("absent-title", "Not in this folder")] : Array.Empty<(string, string)>(),
            ("made", "How to reproduce it"),
        ];
        return Markup.Of($"""
            <nav class="contents" aria-label="Contents">{Markup.Join(places.Select(place =>
                Markup.Of($"""<a href="#{place.Id}">{place.Text}</a> """)))}</nav>

            """);
    }

    private static Markup Scale(string? scale)
    {
        const string Networks = "everything that trains a network is scaled down and says so.";
        return scale is null or "paper" ? Markup.Empty : Markup.Of($"""
            <p class="scale">This is the {scale} scale: the one-layer experiments are the paper's own size, {Networks}</p>

            """);
    }

    private static Markup Glance(IReadOnlyList<ReportSection> sections) => Markup.Of($"""
        <div class="table card">
        <table class="glance">
        <thead><tr><th scope="col">In the paper</th><th scope="col">Claim</th><th scope="col">Verdict</th></tr></thead>
        <tbody>
        {Markup.Join(sections.Select(section => Markup.Of($"""
        <tr><td>{section.Claim.Place}</td><th scope="row"><a href="#{section.Id}">{section.Claim.Title}</a></th>
        <td>{Judged(section)}{Before(section, true)}</td></tr>

        """)))}</tbody></table></div>
        """);

    private static Markup But(Finding finding) =>
        finding.But is { } but ? Markup.Of($"""<br><span class="before">{but}</span>""") : Markup.Empty;

    /// <summary>What was computed before of a claim that this folder does not decide.</summary>
    private static Markup Before(ReportSection section, bool inTable)
    {
        IReadOnlyList<ComputedBefore> before = section.Finding.IsDecided ? [] : ComputedBefore.Of(section.Id);
        if (before.Count == 0)
            return Markup.Empty;
        if (inTable)
        {
            string words = Headline.Words([.. before.Select(one => one.Finding)]);
            return Markup.Of($"""<br><span class="before">computed earlier on CIFAR-10: {words}</span>""");
        }
        return Markup.Of($"""
            <dt>Computed earlier</dt><dd class="before">{Markup.Join(before.Select(Before))}</dd>

            """);
    }

    private static Markup Before(ComputedBefore before) => Markup.Of($"""
        <p>Not in this run, but on CIFAR-10, and by the same rule {Headline.Words([before.Finding])}.
        {Formula.Text(before.Finding.Marked)} What was run there: {Formula.Text(before.Ran)} <code>{before.Document}</code>,
        SHA-256 <code>{before.Digest}</code>, computed by commit <code>{before.Commit}</code>.</p>
        """);

    private static Markup Judged(ReportSection section) => Markup.Of($"{Badge(section.Finding.Verdict)}{But(section.Finding)}");

    private static Markup Badge(Verdict verdict) => verdict switch
    {
        Verdict.Confirmed => Markup.Of($"""<span class="verdict confirmed"><span aria-hidden="true">✓ </span>confirmed</span>"""),
        Verdict.NotConfirmed =>
            Markup.Of($"""<span class="verdict not-confirmed"><span aria-hidden="true">✗ </span>not confirmed</span>"""),
        Verdict.TooSmall =>
            Markup.Of($"""<span class="verdict not-tested"><span aria-hidden="true">○ </span>not tested at this scale</span>"""),
        Verdict.NotTested =>
            Markup.Of($"""<span class="verdict not-tested"><span aria-hidden="true">○ </span>not tested by these runs</span>"""),
        _ => Markup.Of($"""<span class="verdict not-tested"><span aria-hidden="true">– </span>not run</span>"""),
    };

    private static Markup Claim(ReportSection section, ResultFolder folder) => Markup.Of($"""
        <section class="claim" id="{section.Id}" aria-labelledby="{section.Id}-title">
        <div class="title"><h2 id="{section.Id}-title"><span class="place">{section.Claim.Place}</span>{section.Claim.Title}</h2>
        <span>{Judged(section)}</span></div>
        <dl>
        <dt>Claim</dt><dd>{Formula.Text(section.Claim.Statement)}</dd>
        <dt>What we ran</dt><dd>{Formula.Text(section.Ran)}</dd>
        <dt>{(section.Finding.Verdict is Verdict.Confirmed or Verdict.NotConfirmed ? "What decides" : "What is missing")}</dt><dd
            class="decides" id="{section.Id}-decides">{Formula.Text(section.Finding.Marked)}</dd>
        {ToTest(section)}{Before(section, false)}        <dt>Rule</dt><dd class="rule">{Formula.Text(section.Claim.Rule)}</dd>
        </dl>
        {(section.Figure is { } figure ? Figure(section, figure, folder) : Markup.Empty)}{section.Table}
        </section>

        """);

    /// <summary>What would decide a claim that these runs do not.</summary>
    private static Markup ToTest(ReportSection section) => section.Finding.IsDecided ? Markup.Empty : Markup.Of($"""
        <dt>To test it</dt><dd><code>{section.Claim.Test}</code></dd>

        """);

    private static Markup Figure(ReportSection section, ReportFigure figure, ResultFolder folder)
    {
        string alternative = $"{section.Claim.Place}: {section.Claim.Title}. {section.Finding.Decides}";
        Markup[] images = [.. figure.Files.Select((file, i) =>
            (Image: folder.Picture($"figures/{file}.png"), Text: i == 0 ? alternative : $"{section.Claim.Place}: {figure.Caption}"))
            .Where(one => one.Image is not null)
            .Select(one => Markup.Of($"""<img alt="{one.Text}" src="data:image/png;base64,{Convert.ToBase64String(one.Image!)}">"""))];
        Markup still = images.Length == 0 ? Markup.Empty : Markup.Of($"""
            <div class="static">{Markup.Join(images)}</div>
            """);
        string wide = figure.Charts.Any(one => one.Kind == ChartKind.Map) ? " wide" : "";
        Markup charts = Markup.Join(figure.Charts.Select(chart => Markup.Of($"""
            <div class="chart{wide}" data-finding="{section.Id}-decides" data-csv="csv-{chart.Id}" data-chart="{Options(chart)}"></div>
            """)));
        Markup data = Markup.Join(figure.Charts.Select(chart =>
        {
            string address = Csv.ToDataAddress(chart.Csv), which = figure.Charts.Count > 1 ? $": {chart.Title}" : "";
            return Markup.Of($"""<a class="csv" id="csv-{chart.Id}" download="{chart.Id}.csv" href="{address}">Data{which} (CSV)</a> """);
        }));
        Markup files = Markup.Join(figure.Files.SelectMany(file => StaticKinds.Select(kind =>
            Beside(folder, $"figures/{file}.{kind}", figure.Files.Count > 1 ? $"{file}.{kind}" : kind.ToUpperInvariant()))));
        return Markup.Of($"""
            <figure aria-label="{section.Claim.Place}">
            {still}
            <div class="charts">{charts}</div>
            <figcaption><p>{Formula.Text(figure.Caption)}{(figure.Note is { } note ? " " + note : "")}</p>
            <p class="links">{data}{files}</p></figcaption>
            </figure>
            """);
    }

    private static Markup Beside(ResultFolder folder, string file, string name) => File.Exists(Path.Combine(folder.PageFolder, file))
        ? Markup.Of($"""<a href="{file}">{name}</a> """)
        : Markup.Empty;

    private static string Options(ReportChart chart) => new JsonObject
    {
        ["title"] = chart.Title,
        ["xLabel"] = chart.XLabel,
        ["yLabel"] = chart.YLabel,
        ["logX"] = chart.LogX,
        ["logY"] = chart.LogY,
        ["kind"] = chart.Kind.ToString().ToLowerInvariant(),
        ["line"] = chart.Line,
        ["colours"] = chart.Colours is { } colours ? new JsonArray([.. colours.Select(colour => (JsonNode)colour)]) : null,
    }.ToJsonString();

    private static Markup Absent(ReportSection[] sections) => sections.Length == 0 ? Markup.Empty : Markup.Of($"""
        <section class="claim" aria-labelledby="absent-title">
        <h2 id="absent-title">Not in this folder</h2>
        <p>These claims need runs that this folder does not hold. The command beside each computes them.</p>
        <dl>
        {Markup.Join(sections.Select(section => Markup.Of($"""
        <dt id="{section.Id}">{section.Claim.Place}</dt><dd>{section.Claim.Title}. <code>{section.Claim.Test}</code></dd>
        {Before(section, false)}
        """)))}</dl>
        </section>

        """);

    private static Markup Made(ResultFolder folder)
    {
        var rows = new List<(string Name, string Value)>();
        // A time that is not known is not said: the report may be written before the run ends, and of jobs a part of it is counted.
        bool isTimeKnown = folder.Run?["finished"]?.ToString() == "true" && folder.Run[RunFolder.PartOfTime]?.ToString() != "true";
        foreach ((string name, JsonNode? value) in folder.Run ?? [])
        {
            if (name is not ("settings" or "command" or "finished" or RunFolder.PartOfTime) && (name != "seconds" || isTimeKnown))
                rows.Add((Words(name), Value(value)));
        }
        Markup settings = folder.Run?["settings"] is not JsonObject chosen || chosen.Count == 0 ? Markup.Empty : Markup.Of($"""
            <h3>Settings</h3>
            <div class="table card scroll" tabindex="0" role="region" aria-label="Settings"><table><tbody>
            {Markup.Join(chosen.Select(member =>
                Markup.Of($"""<tr><th scope="row">{Words(member.Key)}</th><td>{Value(member.Value)}</td></tr>""")))}
            </tbody></table></div>

            """);
        Markup copy = Markup.Of($"""<button type="button" class="copy" data-copy="again" hidden>copy</button>""");
        var documents = Documents.Select(name => (name, Bytes: folder.Bytes(name))).Where(file => file.Bytes is not null);
        return Markup.Of($"""
            <section class="claim" id="made" aria-labelledby="made-title">
            <h2 id="made-title">How to reproduce the same bits</h2>
            <p>{SettingsDecide} The same version reproduces the files below byte for byte with this command:</p>
            <div class="again card"><pre id="again"><code>{RunCommand.Of(folder.Run)}</code></pre>{copy}</div>
            {settings}<h3>Machine</h3>
            <div class="table card scroll" tabindex="0" role="region" aria-label="Machine"><table><tbody>
            {Markup.Join(rows.Select(row => Markup.Of($"""<tr><th scope="row">{row.Name}</th><td>{row.Value}</td></tr>""")))}
            </tbody></table></div>
            <h3>Digests</h3>
            <p>SHA-256 of the result documents; <code>sha256sum *.json</code> in the folder prints the same.</p>
            <div class="table card scroll" tabindex="0" role="region" aria-label="Digests"><table><tbody>
            {Markup.Join(documents.Select(file => Markup.Of($"""
            <tr><th scope="row">{file.name}</th><td class="digest">{Convert.ToHexStringLower(SHA256.HashData(file.Bytes!))}</td></tr>
            """)))}
            </tbody></table></div>
            </section>

            """);
    }

    /// <summary>"weightDecay" as "weight decay".</summary>
    private static string Words(string name)
    {
        var words = new StringBuilder();
        foreach (char letter in name)
            words.Append(char.IsAsciiLetterUpper(letter) ? $" {char.ToLowerInvariant(letter)}" : letter);
        return words.ToString();
    }

    private static string Value(JsonNode? value) => value switch
    {
        null => "–",
        JsonArray list => string.Join(", ", list.Select(Value)),
        JsonValue one when one.GetValueKind() == JsonValueKind.String => one.ToString(),
        _ => value.ToJsonString(),
    };
}
