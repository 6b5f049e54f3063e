using System.CommandLine;
using System.Text.Json.Nodes;
using LastBit.Experiments.Export;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit export RUN`: the weights of a run as PyTorch has them.</summary>
internal static class ExportCommand
{
    internal static Command Create()
    {
        var run = new Argument<string>("RUN")
        {
            Description = "A folder of `lastbit train`, or a checkpoint in the folder of any run that trains networks.",
        };
        var outFolder = OptionTypes.PathTo("--out", "DIR", "The folder for weights.npz; made if there is none.", "the folder of the run");
        var command = new Command("export", "Writes the weights of a run as weights.npz, with PyTorch's names and layouts.")
        {
            run, outFolder, CommonOptions.Threads, CommonOptions.Json, CommonOptions.Quiet,
        };
        command.SetAction(parse =>
        {
            IReadOnlyList<ExportedWeights> written = WeightsExport.Write(parse.GetRequiredValue(run), parse.GetValue(outFolder));
            if (parse.GetValue(CommonOptions.Json))
            {
                Terminal.OutWriter.WriteLine(Json.Text(new JsonObject
                {
                    ["files"] = new JsonArray([.. written.Select(one => new JsonObject
                    {
                        ["file"] = Path.GetFullPath(one.File),
                        ["k"] = one.Perturbation.Word,
                        ["digest"] = one.Digest,
                        ["epoch"] = one.Epoch,
                        ["batch"] = one.Batch,
                    })]),
                }));
                return CommandLine.Done;
            }
            foreach (ExportedWeights one in written)
            {
                string when = one.Batch == 0 ? "" : $" and {NumberText.Count(one.Batch, "step")}";
                Terminal.OutWriter.WriteLine($"{one.File} is written: {one.Network}, {one.Perturbation.Name}, after "
                    + $"{NumberText.Count(one.Epoch, "epoch")}{when}, digest {one.Digest}");
            }
            return CommandLine.Done;
        });
        return command.Example("lastbit export runs/resnet20", "runs/resnet20/weights.npz, of the last checkpoint")
            .Example("lastbit export runs/resnet20 --out weights",
                "the same into another folder, to begin from with lastbit train --initial weights/weights.npz");
    }
}
