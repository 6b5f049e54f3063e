using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace LastBit.Cli.Execution;

/// <summary>What a program of Slurm came to.</summary>
/// <param name="Code">Its exit code; 1 where it did not answer in time or said too much.</param>
/// <param name="Output">What it wrote to standard output, as far as it was read.</param>
/// <param name="Error">What it wrote to standard error, or what was wrong with it.</param>
internal sealed record SlurmAnswer(int Code, string Output, string Error);

/// <summary>
/// Calls Slurm's own programs, which sites wrap in their own: nothing that they do is waited for without end or believed without a look.
/// </summary>
internal static class SlurmCommand
{
    // The list of all jobs of a large cluster has some ten megabytes.
    private const int MostCharacters = 64 << 20;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1), AfterTheEnd = TimeSpan.FromSeconds(1);

    /// <summary>Calls a program of Slurm that must succeed.</summary>
    /// <param name="program">"scancel", say.</param>
    /// <param name="args">Its arguments.</param>
    /// <returns>What it wrote to standard output.</returns>
    /// <exception cref="InputException">It is not there, or says no.</exception>
    /// <exception cref="OperationCanceledException">The call was interrupted.</exception>
    internal static string Call(string program, params string[] args)
    {
        SlurmAnswer answer = Try(program, args) ?? throw Missing(program);
        Interruption.Current.Token.ThrowIfCancellationRequested();
        return answer.Code == 0 ? answer.Output : throw Refused(program, answer);
    }

    /// <summary>Submits a script.</summary>
    /// <returns>The number of the job: once sbatch has printed it the job is in the queue, whatever becomes of sbatch.</returns>
    /// <exception cref="InputException">sbatch is not there, says no, or prints what is no number.</exception>
    /// <exception cref="OperationCanceledException">The call was interrupted before there was a number.</exception>
    internal static string Submit(params string[] args)
    {
        const string Program = "sbatch";
        SlurmAnswer answer = Try(Program, ["--parsable", .. args]) ?? throw Missing(Program);
        // "12", or "12;cluster" where there are several.
        string[] numbers =
            [.. answer.Output.Split('\n', StringSplitOptions.TrimEntries).Select(line => line.Split(';')[0]).Where(IsNumber)];
        if (numbers.Length == 1)
            return numbers[0];
        Interruption.Current.Token.ThrowIfCancellationRequested();
        throw answer.Code != 0 ? Refused(Program, answer)
            : new InputException(
                $"{Program}: answered {(answer.Output.Trim() is { Length: > 0 } text ? $"'{ForeignText.Cut(text)}'" : "nothing")}, which "
                    + "is not the number of a job; "
                + "ask squeue whether there is one");
    }

    /// <summary>Does nothing where there is such a program.</summary>
    /// <exception cref="InputException">There is none.</exception>
    internal static void Require(string program)
    {
        string[] folders =
            (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        if (!folders.Any(folder => File.Exists(Path.Combine(folder, program))))
            throw Missing(program);
    }

    /// <summary>Whether a text is the number of a job.</summary>
    internal static bool IsNumber(string text) => text.Length is > 0 and <= 20 && text.All(char.IsAsciiDigit);

    /// <summary>Calls a program of Slurm that may be missing or fail, for a minute at most.</summary>
    /// <returns>What it came to, also where the call was interrupted; null where there is no such program.</returns>
    internal static SlurmAnswer? Try(string program, params string[] args)
    {
        try
        {
            using Process process = Process.Start(
                new ProcessStartInfo(program, args)
                { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(Interruption.Current.Token);
            stop.CancelAfter(Patience);
            StringBuilder output = new(), error = new();
            bool tooMuch = false;
            Task reading = Task.WhenAll(Read(process.StandardOutput, output), Read(process.StandardError, error));
            bool ended = true;
            try
            {
                process.WaitForExitAsync(stop.Token).Wait(CancellationToken.None);
            }
            catch (AggregateException stopped) when (stopped.InnerException is OperationCanceledException)
            {
                ended = false;
                process.Kill(entireProcessTree: true);
            }
            // What it left in the background may keep its streams open.
            Task.WhenAny(reading, Task.Delay(AfterTheEnd)).Wait();
            string text = Text(output), said = Text(error);
            return tooMuch ? new SlurmAnswer(1, text, $"has answered with more than {MostCharacters >> 20} MB")
                : !ended ? new SlurmAnswer(1, text,
                    Interruption.Current.Token.IsCancellationRequested
                        ? "was interrupted" : $"has not answered for {Patience.TotalSeconds:0} seconds")
                : new SlurmAnswer(process.ExitCode, text, said);

            async Task Read(StreamReader reader, StringBuilder into)
            {
                char[] buffer = new char[1 << 14];
                while (await reader.ReadAsync(buffer, CancellationToken.None).ConfigureAwait(false) is > 0 and int count)
                {
                    lock (into)
                    {
                        if (into.Length + count > MostCharacters)
                        {
                            tooMuch = true;
                            stop.Cancel();
                            return;
                        }
                        into.Append(buffer, 0, count);
                    }
                }
            }
        }
        catch (Win32Exception)
        {
            return null;
        }

        static string Text(StringBuilder from)
        {
            lock (from)
                return from.ToString();
        }
    }

    private static InputException Missing(string program) =>
        new($"{program}: is not on the path; run this where Slurm's commands are, or leave Slurm out");

    private static InputException Refused(string program, SlurmAnswer answer)
    {
        string said = answer.Error.Trim().ReplaceLineEndings("; ");
        return new InputException($"{program}: {(said.Length > 0 ? ForeignText.Cut(said, 500) : $"ended with code {answer.Code}")}");
    }
}
