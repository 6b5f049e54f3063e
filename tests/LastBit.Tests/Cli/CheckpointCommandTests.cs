using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace LastBit.Tests.Cli;

/// <summary>A right checksum can stand over anything: what it stands over is looked at before a weight is touched.</summary>
public sealed class CheckpointCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_checkpoint_with_a_right_checksum_over_wrong_content_is_refused_and_nothing_is_written()
    {
        string images = _folder["images"], run = _folder["run"], checkpoint = Path.Combine(run, "checkpoint.bin");
        ToyRuns.WriteImages(images);
        LastBitProcess whole = LastBitCall.Run([.. ToyRuns.Call("train", images), "--out", run]);
        Assert.True(whole.ExitCode == 0, whole.Error);
        byte[] good = File.ReadAllBytes(checkpoint);
        string result = File.ReadAllText(Path.Combine(run, "train.json"));

        Refused(header => header["epoch"] = 99, "epoch 99 of 3 cannot be");
        Refused(header => header["batch"] = -1, "batch -1 of 3 cannot be");
        Refused(header => header["epoch"] = null, "epoch is missing");
        Refused(header => header["scores"] = new JsonArray(), "0 scores for 1 replicas");
        Refused(header => header["note"] = "{}", "what it recorded of the run is damaged");
        Refused(header => header["note"] = "[null]", "epochs[0] is null");
        Refused(header => header["identity"]!["seed"] = 2, "is of another run (seed is 2 there and 1 here)");
        Refused(header => header["identity"] = new JsonArray(), "its header is not that of a checkpoint");
        Refused(_ => { }, "bytes of weights where", content => content[..^4]);
        Refused(_ => { }, "is not a checkpoint of LastBit", content => [.. content[..8], 255, 255, 255, 127, .. content[12..]]);

        File.WriteAllBytes(checkpoint, good);
        Assert.Equal(0, LastBitCall.Run(["train", "--resume", run]).ExitCode);

        void Refused(Action<JsonObject> change, string reason, Func<byte[], byte[]>? alter = null)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(good.AsSpan(8));
            var header = (JsonObject)JsonNode.Parse(good.AsSpan(12, length))!;
            change(header);
            byte[] text = Encoding.UTF8.GetBytes(header.ToJsonString()), size = new byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(size, text.Length);
            byte[] content = [.. good[..8], .. size, .. text, .. good[(12 + length)..^32]];
            content = alter?.Invoke(content) ?? content;
            File.WriteAllBytes(checkpoint, [.. content, .. SHA256.HashData(content)]);
            LastBitProcess refused = LastBitCall.Run(["train", "--resume", run]);
            Assert.Equal(2, refused.ExitCode);
            string line = Assert.Single(refused.ErrorLines);
            Assert.StartsWith($"lastbit train: {checkpoint}: ", line, StringComparison.Ordinal);
            Assert.Contains(reason, line, StringComparison.Ordinal);
            Assert.Equal(result, File.ReadAllText(Path.Combine(run, "train.json")));
        }
    }
}
