using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using LastBit.Runs;
using LastBit.Tests;
using LastBit.Tests.Cli;

namespace LastBit.SystemTests;

/// <summary>
/// What `status` makes of squeue, sacct and scontrol, whichever there are. They are scripts here that write down that they were called: a
/// Slurm on one machine has no accounting, and does not forget a job within minutes.
/// </summary>
public sealed class SlurmStatusTests : IDisposable
{
    private const string Forgotten = "echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1";
    private const string NoStorage = "echo 'Slurm accounting storage is disabled' >&2; exit 1";

    private readonly TemporaryFolder _folder = new();

    public SlurmStatusTests()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The programs of Slurm are scripts here.");
        Directory.CreateDirectory(_folder["bin"]);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_is_in_the_queue_is_asked_for_in_one_call()
    {
        Submit();
        Program("squeue", Lines("77_0|RUNNING|None|n1", "77_1|PENDING|Priority|", "77_[2-3%1]|PENDING|Resources|"));
        Program("sacct", Forgotten);
        Program("scontrol", Forgotten);
        Assert.Equal(["waiting RUNNING", "waiting PENDING", "waiting PENDING", "waiting PENDING"], States(0));
        Assert.Equal("--noheader --array --states=all --jobs=77 --format=%i|%T|%r|%N", Assert.Single(Calls("squeue")));
        Assert.Empty(Calls("sacct"));
        Assert.Empty(Calls("scontrol"));
    }

    [Fact]
    public void What_squeue_has_forgotten_sacct_knows_and_the_log_says_why_it_failed()
    {
        Submit();
        File.WriteAllText(_folder["run/slurm/77-2.log"], "seed 2, k = 1: 10%\nlastbit cell: the disk is full\n\n");
        Program("squeue", Forgotten);
        Program("sacct",
            Lines("77_0|COMPLETED|None|n1", "77_1|CANCELLED by 1000|None|n2", "77_2|FAILED|NonZeroExitCode|n1",
                "77_3|OUT_OF_MEMORY|OutOfMemory|n2"));
        Program("scontrol", Forgotten);
        JsonElement[] cells = Cells(1);
        Assert.Equal(["waiting COMPLETED", "failed CANCELLED", "failed FAILED", "failed OUT_OF_MEMORY"], cells.Select(Text));
        Assert.Equal("lastbit cell: the disk is full", cells[2].GetProperty("why").GetString());
        Assert.Equal("--noheader --parsable2 --allocations --jobs=77 --format=JobID,State,Reason,NodeList", Assert.Single(Calls("sacct")));
        Assert.Empty(Calls("scontrol"));
    }

    [Fact]
    public void Where_sacct_has_no_storage_scontrol_is_asked()
    {
        Submit();
        Program("squeue", Lines("77_0|RUNNING|None|n1"));
        Program("sacct", NoStorage);
        Program("scontrol", Lines(
            "JobId=70 JobName=other JobState=FAILED Reason=NonZeroExitCode NodeList=n1",
            "JobId=78 ArrayJobId=77 ArrayTaskId=1 JobName=lastbit-run JobState=TIMEOUT Reason=TimeLimit NodeList=n2",
            "JobId=77 ArrayJobId=77 ArrayTaskId=2-3%1 JobName=lastbit-run JobState=PENDING Reason=JobArrayTaskLimit NodeList=(null)",
            "JobId=79 ArrayJobId=76 ArrayTaskId=0 JobName=lastbit-old JobState=FAILED Reason=NonZeroExitCode NodeList=n1"));
        Assert.Equal(["waiting RUNNING", "failed TIMEOUT", "waiting PENDING", "waiting PENDING"], States(1));
        Assert.Equal("--oneliner show jobs", Assert.Single(Calls("scontrol")));
    }

    [Fact]
    public void Where_Slurm_knows_nothing_or_is_not_installed_the_folder_alone_is_read()
    {
        Submit();
        Assert.Equal(["waiting", "waiting", "waiting", "waiting"], States(0));
        Program("squeue", Forgotten);
        Program("sacct", NoStorage);
        Program("scontrol", "echo 'Unable to contact slurm controller' >&2; exit 1");
        Assert.Equal(["waiting", "waiting", "waiting", "waiting"], States(0));
        Assert.Single(Calls("scontrol"));
    }

    [Fact]
    public void Where_there_is_no_sbatch_that_is_said_before_anything_is_written()
    {
        (int code, _,
            string error) = LastBit("accuracy", "--network", "resnet8", "--data", "sample", "--epochs", "1", "--out", _folder["run"],
                "--executor", "slurm");
        Assert.Equal(2, code);
        Assert.Contains("sbatch: is not on the path", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["run"]));
    }

    [Fact]
    public void The_report_of_a_job_array_does_not_take_the_time_of_its_last_job_for_that_of_the_run()
    {
        LastBitProcess.Run("heat", "--quiet", "--out", _folder["heat"]);
        Assert.Contains("<th scope=\"row\">seconds</th>", Page(), StringComparison.Ordinal);
        // As an older version left it, whose run.json does not say so.
        Directory.CreateDirectory(_folder["heat/slurm"]);
        Assert.DoesNotContain("<th scope=\"row\">seconds</th>", Page(), StringComparison.Ordinal);
        Directory.Delete(_folder["heat/slurm"]);
        Assert.Contains("<th scope=\"row\">seconds</th>", Page(), StringComparison.Ordinal);
        var settings = (JsonObject)RunFolder.Read(_folder["heat"])!["settings"]!.DeepClone();
        using (var folder = RunFolder.Open(_folder["heat"], "heat", settings, 1))
        {
            folder.Record(RunFolder.PartOfTime, true);
            folder.Finish();
        }
        Assert.DoesNotContain("<th scope=\"row\">seconds</th>", Page(), StringComparison.Ordinal);

        string Page()
        {
            Assert.Equal(0, LastBitProcess.Run("report", _folder["heat"], "--quiet").ExitCode);
            return File.ReadAllText(_folder["heat/report.html"]);
        }
    }

    /// <summary>A run of four cells that sbatch took for job 77 of one of several clusters.</summary>
    [Theory]
    [InlineData("", "is empty or not an ordinary file")]
    [InlineData("[null]", "[0] is null")]
    [InlineData("""[{"job":"77","gather":null,"tasks":[["seed1/k1"],null]}]""", "[0].tasks[1] is null")]
    [InlineData("""[{"job":"77"}]""", "it lacks gather, tasks")]
    [InlineData("""[{"job":"--all","gather":null,"tasks":[]}]""", "'--all' is not the number of a job")]
    [InlineData("""[{"job":"77","gather":"../8","tasks":[]}]""", "'../8' is not the number of a job")]
    [InlineData("""{"submissions":[{"job":"78","gather":null,"tasks":[]}],"checksum":"0"}""", "was changed after it was written")]
    public void A_list_of_jobs_that_cannot_be_one_is_refused(string jobs, string reason)
    {
        Submit();
        File.WriteAllText(_folder["run/slurm/jobs.json"], jobs);
        foreach (string command in (string[])["status", "cancel"])
        {
            (int code, string _, string error) = LastBit(command, _folder["run"]);
            Assert.Equal(2, code);
            Assert.Contains(Path.Combine("slurm", "jobs.json") + ": ", error, StringComparison.Ordinal);
            Assert.Contains(reason, error, StringComparison.Ordinal);
        }
    }

    private void Submit()
    {
        Program("sbatch", "echo '77;cluster'");
        (int code, string output, string error) =
            LastBit("accuracy", "--network", "resnet8", "--data", "sample", "--epochs", "2", "--train-size", "64", "--batch-size", "32",
            "--seeds", "1,2", "--k", "1,3", "--out", _folder["run"], "--executor", "slurm", "--json");
        Assert.True(code == 0, error);
        using JsonDocument submitted = JsonDocument.Parse(output);
        Assert.Equal("77", submitted.RootElement.GetProperty("job").GetString());
        Assert.Equal($"--parsable {_folder["run/slurm/array.sh"]}", Calls("sbatch")[0]);
        Assert.Equal($"--parsable --dependency=afterok:77 {_folder["run/slurm/gather.sh"]}", Calls("sbatch")[1]);
    }

    private string[] States(int code) => [.. Cells(code).Select(Text)];

    private JsonElement[] Cells(int code)
    {
        (int got, string output, string error) = LastBit("status", _folder["run"], "--json");
        Assert.Equal((code, ""), (got, error));
        using JsonDocument status = JsonDocument.Parse(output);
        return [.. status.RootElement.GetProperty("cells").EnumerateArray().Select(cell => cell.Clone())];
    }

    private static string Text(JsonElement cell) =>
        cell.GetProperty("state").GetString() + (cell.TryGetProperty("slurm", out JsonElement slurm) ? $" {slurm.GetString()}" : "");

    private string[] Calls(string program) =>
        File.Exists(_folder[$"{program}.calls"]) ? File.ReadAllLines(_folder[$"{program}.calls"]) : [];

    private static string Lines(params string[] lines) => string.Join('\n', lines.Select(line => $"echo '{line}'"));

    private void Program(string name, string script)
    {
        string file = _folder[$"bin/{name}"];
        File.WriteAllText(file, $"#!/bin/sh\necho \"$*\" >>'{_folder[$"{name}.calls"]}'\n{script}\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    /// <summary>LastBit with nothing else on its path.</summary>
    private (int Code, string Output, string Error) LastBit(params string[] args)
    {
        using Process process = LastBitProcess.Start(_folder.Path, args, ("PATH", _folder["bin"]));
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        return (process.ExitCode, output.Result, error.Result);
    }
}
