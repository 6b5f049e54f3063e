using System.CommandLine;
using System.Text.Json.Nodes;
using LastBit.Files;
using LastBit.Imports;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit pytorch`: writes lastbit_torch.py and lastbit_trace.py.</summary>
internal static class PytorchCommand
{
    internal static Command Create()
    {
        var outFolder = OptionTypes.PathTo("--out", "DIR", "The folder for both files.", "the current one");
        var command = new Command("pytorch",
            "Writes lastbit_torch.py, with which a PyTorch script repeats a training with other rounding and logs it for `lastbit noise`, "
            + "and lastbit_trace.py, which records a training for `lastbit diff`.")
        {
            outFolder, CommonOptions.Threads, CommonOptions.Json, CommonOptions.Quiet,
        };
        command.SetAction(parse =>
        {
            string folder = parse.GetValue(outFolder) ?? ".";
            (string Path, byte[] Content)[] files = [.. new[] { TorchModule.FileName, TorchModule.TraceFileName }
                .Select(name => (Path.Combine(folder, name), TorchModule.Content(name)))];
            foreach ((string file, byte[] content) in files)
            {
                if (File.Exists(file) && !File.ReadAllBytes(file).AsSpan().SequenceEqual(content))
                    throw new InputException($"{file}: is there and differs from what would be written; delete it, or name another folder");
            }
            foreach ((string file, byte[] content) in files)
                AtomicFile.WriteAllBytes(file, content);
            if (parse.GetValue(CommonOptions.Json))
                Terminal.OutWriter.WriteLine(
                    Json.Text(new JsonObject { ["file"] = Path.GetFullPath(files[0].Path), ["trace"] = Path.GetFullPath(files[1].Path) }));
            else
            {
                Terminal.OutWriter.WriteLine(
                    $"{files[0].Path} is written. Its first lines show how a training script uses it; then: lastbit noise logs");
                Terminal.OutWriter.WriteLine($"{files[1].Path} is written. It records a training step by step; then: lastbit diff A B");
            }
            return CommandLine.Done;
        });
        return command.Example("lastbit pytorch", "writes both beside your training script");
    }
}
