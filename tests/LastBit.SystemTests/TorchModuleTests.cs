using System.Globalization;
using LastBit.Engines;
using LastBit.Files;
using LastBit.Imports;
using LastBit.Imports.Formats;
using LastBit.Models;
using LastBit.Statistics;
using LastBit.Tests;

namespace LastBit.SystemTests;

/// <summary>lastbit_torch.py as Debian's python3-torch runs it; elsewhere these tests say that they were skipped.</summary>
public sealed class TorchModuleTests
{
    private const string Train = """
        import sys, copy, torch
        from lastbit_torch import perturb, digest, Log
        torch.set_num_threads(1)
        torch.manual_seed(0)
        start = torch.nn.Sequential(torch.nn.Linear(40, 64), torch.nn.BatchNorm1d(64), torch.nn.ReLU(), torch.nn.Linear(64, 5))
        x, y = torch.randn(32, 40), torch.randint(0, 5, (32,))
        for k in (0, 1, 2, 3):
            model = copy.deepcopy(start)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)
            if k:
                perturb(optimizer, k)
            schedule = torch.optim.lr_scheduler.StepLR(optimizer, 3)
            log = Log(f"logs/seed1-k{k}.jsonl", seed=1, k=k or None)
            for epoch in range(1, 8):
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(model(x), y).backward()
                optimizer.step()
                schedule.step()
                right = model(x).argmax(1) == y
                log.epoch(epoch, test_acc=right.float().mean())
            log.correct(right, y)
            log.close()
            print(digest(model))
        """;

    private const string Digest = """
        import sys, collections, struct, torch
        from lastbit_torch import digest
        state = collections.OrderedDict()
        with open("state.bin", "rb") as file:
            for line in open("names.txt"):
                name, count = line.split()
                state[name] = torch.tensor(struct.unpack(f"<{count}f", file.read(4 * int(count))))
        state["num_batches_tracked"] = torch.tensor(3)
        print(digest(type("Model", (), {"state_dict": lambda self: state})(), version=1))
        """;

    [Fact]
    public void Powers_of_two_change_no_bit_and_three_does_and_the_log_is_read()
    {
        using var folder = new TemporaryFolder();
        string[] digests = Python(folder, Train);
        Assert.Equal(digests[0], digests[1]);
        Assert.Equal(digests[0], digests[2]);
        Assert.NotEqual(digests[0], digests[3]);
        ImportResult result = LogReader.Read([folder["logs"]], new ImportOptions(), TestContext.Current.CancellationToken);
        Assert.Equal(("test_acc", MeasureUnit.Fraction, 4), (result.Metric, result.Unit, result.Runs.Count));
        Assert.Equal(["1", "2", "3"], result.Runs.Select(run => run.Perturbation).OfType<string>().Where(k => k != "0"));
        Assert.All(result.Runs, run => Assert.Equal((1, 7), ((int)run.Seed!.Value, run.Values.Length)));
        Assert.Equal((4, 32), (result.Correctness!.Runs.Count, result.Correctness.Images));
        Assert.All(result.Correctness.Runs.Zip(result.Correctness.Correct),
            row => Assert.Equal(row.First.Values[^1], row.Second.Sum(image => image) / 32.0, 1e-7));
    }

    [Fact]
    public void The_digest_is_that_of_the_same_state_here()
    {
        using var folder = new TemporaryFolder();
        Model model = new ResNetSettings(8).Build();
        using var state = new NetworkState(model.Layout);
        state.Initialise(3);
        using (var bytes = new BinaryWriter(File.Create(folder["state.bin"])))
        {
            foreach (Parameter parameter in model.Layout.All)
            {
                foreach (float value in state.Get(parameter))
                    bytes.Write(value);
            }
        }
        File.WriteAllLines(folder["names.txt"],
            model.Layout.All.Select(parameter => string.Create(CultureInfo.InvariantCulture, $"{parameter.Name} {parameter.Count}")));
        Assert.Equal(state.Digest(), Assert.Single(Python(folder, Digest)));
    }

    private static string[] Python(TemporaryFolder folder, string script)
    {
        Programs.NeedPython("torch");
        AtomicFile.WriteAllBytes(folder[TorchModule.FileName], TorchModule.Content());
        File.WriteAllText(folder["script.py"], script);
        (int code, string output) = Programs.Start(folder.Path, [], Programs.Python, "-W", "ignore", "script.py");
        Assert.True(code == 0, output);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
