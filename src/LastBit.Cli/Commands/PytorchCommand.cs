using System.CommandLine;
using System.Text.Json.Nodes;
using LastBit.Files;
using LastBit.Imports;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit pytorch`: writes lastbit_torch.py.</summary>
internal static class PytorchCommand
{
    internal static Command Create()
    {
        var outFolder = OptionTypes.PathTo("--out", "DIR", "The folder for lastbit_torch.py.", "the current one");
        var command = new Command("pytorch",
            "Writes lastbit_torch.py, with which a PyTorch script repeats a training with other rounding and logs it for `lastbit noise`.")
        {
            outFolder, CommonOptions.Threads, CommonOptions.Json, CommonOptions.Quiet,
        };
        command.SetAction(parse =>
        {
            string file = Path.Combine(parse.GetValue(outFolder) ?? ".", TorchModule.FileName);
            byte[] content = TorchModule.Content();
            if (File.Exists(file) && !File.ReadAllBytes(file).AsSpan().SequenceEqual(content))
                throw new InputException($"{file}: is there and differs from what would be written; delete it, or name another folder");
            AtomicFile.WriteAllBytes(file, content);
            if (parse.GetValue(CommonOptions.Json))
                Terminal.OutWriter.WriteLine(Json.Text(new JsonObject { ["file"] = Path.GetFullPath(file) }));
            else
                Terminal.OutWriter.WriteLine(
                    $"{file} is written. Its first lines show how a training script uses it; then: lastbit noise logs");
            return CommandLine.Done;
        });
        return command.Example("lastbit pytorch", "writes lastbit_torch.py beside your training script");
    }
}
