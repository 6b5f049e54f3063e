using System.Text.Json.Nodes;
using LastBit.Experiments;
using LastBit.Experiments.Reproduction;
using LastBit.Reports.Results;
using LastBit.Runs;

namespace LastBit.Tests.Cli;

/// <summary>The command that a report prints makes the same run.</summary>
public class RunAgainTests
{
    private const string Network = "--network resnet8 --data sample --train-size 20 --batch-size 10";

    [Theory]
    [InlineData("heat --dt 0.3,1e-1")]
    [InlineData("linear --alpha 1e5,2.5e8 --iterations 3 --image-size 24 --kernel-size 6")]
    [InlineData("nonlinear --learning-rate 0.01 --iterations 3 --sharpness-every 0 --image-size 24 --kernel-size 6")]
    [InlineData("amplify --learning-rate 0.05 --k 5 --iterations 3 --mat --image-size 24 --kernel-size 6")]
    [InlineData("bounds --a -0.25 --beta 2 --image-size 24 --kernel-size 6")]
    [InlineData("train --epochs 1 --k 2.5 --seed 3 --augmentation crop --loss mse --convolution direct " + Network)]
    [InlineData("train --network fc-tanh --data sample --train-size 20 --batch-size 10 --epochs 1 --mean .5,.5,.5 --deviation .2,.25,.2 "
        + "--standardization channel")]
    [InlineData("accuracy --epochs 1 --seeds 1,2 --k 1,3 --perturbation ulp --correctness " + Network)]
    [InlineData("divergence --divisors 2 --scaled-iterations 1 --perturbation k=5,ulp --mat " + Network)]
    [InlineData("edge --data sample --train-size 20 --learning-rate 0.03,0.02 --iterations 2 --every 2 --eigenvalues 1 --pass-size 20 "
        + "--nesterov --momentum 0.9 --perturbation k=3,ulp")]
    [InlineData("sharpness --eigenvalues 1 --activation swish --learning-rate 0.5 " + Network)]
    public void The_command_of_a_report_makes_the_same_run(string command)
    {
        using var folder = new TemporaryFolder();
        (JsonObject first, string again) = Run(command, folder["first"]);
        (JsonObject second, string once) = Run(again, folder["second"]);
        Assert.Equal(again, once);
        Assert.Equal(first["settings"]!.ToJsonString(), second["settings"]!.ToJsonString());
        Assert.Equal(first["cells"]?.ToJsonString(), second["cells"]?.ToJsonString());
        if (!command.StartsWith("train --epochs", StringComparison.Ordinal))
            return;
        (first, again) = Run($"sharpness --eigenvalues 1 --checkpoint {folder["first"]}", folder["third"]);
        Assert.Equal(first["settings"]!.ToJsonString(), Run(again, folder["fourth"]).Run["settings"]!.ToJsonString());
    }

    [Fact]
    public void A_setting_is_declared_once_and_its_help_leaves_dashes_to_the_command_line()
    {
        foreach (Experiment kind in AllExperiments.List.Append(AllExperiments.Reproduction))
        {
            IReadOnlyList<Setting> all = Setting.Of(kind.Settings);
            Assert.NotEmpty(all);
            Assert.Distinct(all.Select(setting => setting.Name));
            Assert.All(all, setting => Assert.DoesNotContain("--", setting.Said.Help, StringComparison.Ordinal));
        }
        Assert.Equal(("learning-rate", "batch-size", "dt"),
            (Setting.NameOf("LearningRates"), Setting.NameOf("batchSize"), Setting.NameOf("timeSteps")));
    }

    private static (JsonObject Run, string Command) Run(string command, string folder)
    {
        string line = command.StartsWith("lastbit ", StringComparison.Ordinal) ? command["lastbit ".Length..] : command;
        LastBitProcess process = LastBitCall.Run([.. line.Split(' '), "--quiet", "--json", "--out", folder]);
        Assert.True(process.ExitCode == 0, $"{line}: {process.Error}");
        SchemaTests.AssertFirst(process.Output, line);
        Assert.All(Directory.EnumerateFiles(folder, "*.json", SearchOption.AllDirectories),
            file => SchemaTests.AssertFirst(File.ReadAllText(file), file));
        JsonObject run = RunFolder.Read(folder)!;
        return (run, RunCommand.Of(run));
    }
}
