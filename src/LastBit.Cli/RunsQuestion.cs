using System.CommandLine;
using System.Text.Json.Nodes;
using LastBit.Files;
using LastBit.Imports;
using LastBit.Imports.Formats;
using LastBit.Reports.Trainings;
using Spectre.Console;

namespace LastBit.Cli;

/// <summary>What `noise` or `compare` is asked: which logs, and where the answer goes.</summary>
/// <param name="Parse">The command line with every option of this question.</param>
/// <param name="Name">What a document calls the question; null otherwise.</param>
/// <param name="Paths">Where the logs are: words of the command line, or files that were made of a document. A training may have a
/// name.</param>
/// <param name="Metric">The metric that is asked for; null where it is to be recognised.</param>
/// <param name="CommandLine">The line that asks again.</param>
/// <param name="Rename">Gives a text the names that the asker knows files by.</param>
internal sealed record RunsQuestion(
    ParseResult Parse, string? Name, IReadOnlyList<(string? Name, string Path)> Paths, string? Metric, string CommandLine, Func<string,
        string> Rename)
{
    /// <summary>Reads logs.</summary>
    /// <param name="paths">Files, folders or patterns.</param>
    /// <param name="note">What is to be said of them.</param>
    /// <param name="isFirst">Whether they are the first of the answer; what holds for its metric is said of them.</param>
    internal ReadLogs Read(IReadOnlyList<string> paths, string? note = null, bool isFirst = true)
    {
        ImportResult result = LogReader.Read(paths, LogOptions.Of(Parse, Metric), Interruption.Current.Token);
        result = result with
        {
            Notes = [.. new[] { note }.Concat(result.Notes.Select(Rename)).Append(isFirst && !result.IsDirectionKnown
                ? $"'{result.Metric}' is taken as higher is better; say --lower-is-better if it is not." : null).OfType<string>()],
            LeftOut = [.. result.LeftOut.Select(one => one with { What = Rename(one.What), Why = Rename(one.Why) })],
        };
        return new ReadLogs(result, LogOptions.RuleOf(Parse));
    }

    /// <summary>Says on standard error what logs were recognised as.</summary>
    /// <param name="logs">The logs.</param>
    /// <param name="name">What the runs are called in the answer; null where there is one training.</param>
    internal void Say(ReadLogs logs, string? name)
    {
        if (Parse.GetValue(CommonOptions.Quiet))
            return;
        foreach (string line in logs.Said)
            RunLines.Wrapped(Terminal.Error, name is null ? line : $"{name}: {line}");
    }
}

/// <summary>The answer of `noise` or `compare` to one question.</summary>
/// <param name="Document">The answer as JSON.</param>
/// <param name="First">The answer in one sentence or a few, the first that is said.</param>
/// <param name="Show">Prints what follows it: tables.</param>
/// <param name="After">What a reader must know of it, and how to make sure; not said under --quiet.</param>
/// <param name="Latex">The first table and a sentence in LaTeX.</param>
/// <param name="Page">Its page.</param>
/// <param name="ExitCode">What it says of the exit code, where that was asked for.</param>
internal sealed record RunsAnswer(
    JsonObject Document, IReadOnlyList<string> First, Action<IAnsiConsole, bool> Show, IReadOnlyList<string> After, string[] Latex,
        RunsPageContent Page, int ExitCode);

/// <summary>Takes the questions of one call of `noise` or `compare`, has them answered, and prints and writes the answers.</summary>
internal static class RunsQuestions
{
    /// <summary>The word that stands for a document on standard input.</summary>
    internal const string StandardInput = "-";

    /// <summary>Answers every question of a call: one for each metric, and for each question of a document.</summary>
    /// <param name="parse">The command line.</param>
    /// <param name="words">Its paths.</param>
    /// <param name="answer">Answers one question.</param>
    /// <param name="exitCode">The exit code of several answers.</param>
    /// <param name="file">The file of the answer in its folder.</param>
    /// <param name="folder">The folder, where it is not that of --out.</param>
    internal static int Answer(
        ParseResult parse, string[] words, Func<RunsQuestion, RunsAnswer> answer, Func<IReadOnlyList<int>, int> exitCode, string file,
            string? folder = null)
    {
        string command = parse.CommandResult.Command.Name;
        if (!words.Contains(StandardInput))
        {
            var paths = words.Select(word => ((string?)null, word)).ToArray();
            string line = RunLines.CommandLine(parse);
            Task figures = RunsFigure.Prepare();
            RunsAnswer[] answers =
                [.. Metrics(parse).Select(metric => answer(new RunsQuestion(parse, null, paths, metric, line, text => text)))];
            return Print(parse, Joined(answers, command), answers, folder ?? CommonOptions.FolderOf(parse, command), file, figures,
                exitCode);
        }
        if (words.Length > 1)
            throw new InputException($"{string.Join(' ', words)}: - stands for a document on standard input, which holds all trainings; "
                + "give it alone");

        using var document = InputDocument.Read(Console.OpenStandardInput(), parse);
        List<RunsAnswer> all = [];
        List<JsonObject> documents = [];
        foreach (RunsQuestion question in document.Questions)
        {
            try
            {
                RunsAnswer[] answers = [.. Metrics(question.Parse).Select(metric => answer(question with { Metric = metric }))];
                all.AddRange(answers);
                JsonObject joined = Joined(answers, command);
                if (question.Name is { } name)
                    joined.Insert(1, "name", name);
                documents.Add(joined);
            }
            catch (InputException error)
            {
                string where = document.Questions.Count == 1 ? "" : $"{question.Name ?? $"question {documents.Count + 1}"}: ";
                throw new InputException(where + question.Rename(error.Message), error);
            }
        }
        JsonObject whole = document.HasSeveral
            ? new JsonObject { ["command"] = command, ["answers"] = new JsonArray([.. documents]) } : documents[0];
        return Print(parse, whole, all, parse.GetValue(CommonOptions.Out), file, Task.CompletedTask, exitCode);
    }

    private static string?[] Metrics(ParseResult parse) => LogOptions.MetricsOf(parse) is { Length: > 0 } metrics ? metrics
        : new string?[] { null };

    /// <summary>The answers of one question about several metrics as one document; of one metric its own.</summary>
    private static JsonObject Joined(RunsAnswer[] answers, string command)
    {
        if (answers.Length > 1)
            return new JsonObject
            {
                ["command"] = command,
                ["metrics"] = new JsonArray([.. answers.Select(one => one.Document.DeepClone())]),
            };
        var document = (JsonObject)answers[0].Document.DeepClone();
        document.Insert(0, "command", command);
        return document;
    }

    private static int Print(
        ParseResult parse, JsonObject document, IReadOnlyList<RunsAnswer> answers, string? folder, string file, Task figures,
            Func<IReadOnlyList<int>, int> exitCode)
    {
        string text = Json.Text(document);
        List<string> pages = [];
        if (folder is not null)
        {
            AtomicFile.WriteAllText(Path.Combine(folder, file), text + "\n");
            figures.Wait();
            for (int i = 0; i < answers.Count; i++)
                pages.Add(RunsPage.Write(answers.Count == 1 ? folder : Path.Combine(folder, FolderName(answers[i].Page.Measure.Name, i)),
                    answers[i].Page));
        }
        bool json = parse.GetValue(CommonOptions.Json), latex = parse.GetResult(LogOptions.Latex) is not null
            && parse.GetValue(LogOptions.Latex), quiet = parse.GetValue(CommonOptions.Quiet);
        if (json)
            Terminal.OutWriter.WriteLine(text);
        // A result is printed once under --quiet: as the document where that was asked for.
        if (!json || !quiet)
        {
            IAnsiConsole console = json ? Terminal.Error : Terminal.Out;
            for (int i = 0; i < answers.Count; i++)
            {
                if (i > 0)
                    RunLines.Write(console, "");
                if (latex)
                {
                    RunLines.Write(console, answers[i].Latex);
                    continue;
                }
                foreach (string sentence in answers[i].First)
                    RunLines.Wrapped(console, sentence);
                answers[i].Show(console, quiet);
                foreach (string sentence in quiet ? [] : answers[i].After)
                    RunLines.Say(console, sentence);
            }
            // LaTeX is for a file: what is not LaTeX does not go there.
            if (!quiet && pages.Count > 0)
                RunLines.Write(latex ? Terminal.Error : console, ["", .. pages.Select(page => $"Report:  {page}")]);
        }
        return exitCode([.. answers.Select(one => one.ExitCode)]);
    }

    private static string FolderName(string metric, int number) =>
        FormattableString.Invariant($"{number + 1}-")
        + string.Concat(metric.Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-' ? letter : '_'));
}
