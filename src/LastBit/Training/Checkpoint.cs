using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LastBit.Engines.Cpu;
using LastBit.Files;
using LastBit.Models;

namespace LastBit.Training;

/// <summary>
/// The whole state of a training after any step, in one file: position, sums of the epoch,
/// and of each replica weights, running statistics and momentum.
/// A run that goes on from it ends in the same bits as one that was never stopped.
/// The file begins with the settings that the bits depend on and ends with a SHA-256 over everything before,
/// so that a file that is cut short, altered, or of another run is refused with the reason.
/// </summary>
public static class Checkpoint
{
    /// <summary>
    /// Changes whenever the order of a rounding in the training changes:
    /// older checkpoints cannot be gone on from, for the bits would be neither the old nor the new.
    /// </summary>
    public const int ArithmeticVersion = 1;

    private const int HeaderLimit = 1 << 26;
    private static readonly byte[] s_magic = "LASTBITC"u8.ToArray();

    /// <summary>Everything that the bits of a training depend on, as a document to compare.</summary>
    /// <param name="trainer">The training.</param>
    /// <param name="dataDigest">A digest of training and test images.</param>
    /// <returns>The document; two trainings with equal documents compute equal bits.</returns>
    public static JsonObject Identity(Trainer trainer, string dataDigest)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        var settings = trainer.Settings;
        return new JsonObject
        {
            ["arithmetic"] = ArithmeticVersion,
            ["network"] = trainer.Model.Identity,
            ["activation"] = trainer.Model.Activations,
            ["seed"] = settings.Seed,
            ["epochs"] = settings.Epochs,
            ["batchSize"] = settings.BatchSize,
            ["learningRate"] = settings.LearningRate,
            ["momentum"] = settings.Momentum,
            ["nesterov"] = settings.Nesterov,
            ["weightDecay"] = settings.WeightDecay,
            ["stepSchedule"] = settings.StepSchedule,
            ["k"] = new JsonArray([.. trainer.Replicas.Select(replica => (JsonNode)replica.K)]),
            ["data"] = dataDigest,
        };
    }

    /// <summary>Writes the state of a training; the file appears whole or not at all.</summary>
    /// <param name="path">The file.</param>
    /// <param name="trainer">The training, between two steps.</param>
    /// <param name="dataDigest">A digest of training and test images.</param>
    /// <param name="note">What the caller wants back with the state (its results so far), as it likes.</param>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static void Save(string path, Trainer trainer, string dataDigest, string note)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        var header = new JsonObject
        {
            ["identity"] = Identity(trainer, dataDigest),
            ["epoch"] = trainer.Epoch,
            ["batch"] = trainer.BatchIndex,
            ["scores"] = JsonSerializer.SerializeToNode(trainer.Scores),
            ["note"] = note,
        };
        byte[] text = Encoding.UTF8.GetBytes(header.ToJsonString());
        AtomicFile.Write(path, stream =>
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            Span<byte> length = stackalloc byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(length, text.Length);
            Put(s_magic);
            Put(length);
            Put(text);
            byte[] buffer = new byte[1 << 16];
            foreach (var replica in trainer.Replicas)
            {
                PutNumbers(replica.State.Parameters);
                PutNumbers(replica.State.Statistics);
                PutNumbers(replica.Velocity);
            }
            stream.Write(hash.GetHashAndReset());

            void Put(ReadOnlySpan<byte> bytes)
            {
                hash.AppendData(bytes);
                stream.Write(bytes);
            }

            void PutNumbers(ReadOnlySpan<float> values)
            {
                while (!values.IsEmpty)
                {
                    int count = Math.Min(values.Length, buffer.Length / sizeof(float));
                    for (int i = 0; i < count; i++)
                        BinaryPrimitives.WriteSingleLittleEndian(buffer.AsSpan(i * sizeof(float)), values[i]);
                    Put(buffer.AsSpan(0, count * sizeof(float)));
                    values = values[count..];
                }
            }
        });
    }

    /// <summary>Brings a training to the state in a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="trainer">A training of the same settings, k and network.</param>
    /// <param name="dataDigest">A digest of training and test images.</param>
    /// <returns>The caller's note.</returns>
    /// <exception cref="InputException">The file is missing, cut short, altered, or of another run; the training is as it was.</exception>
    public static string Load(string path, Trainer trainer, string dataDigest)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        byte[] file;
        try
        {
            file = File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{path}: cannot be read ({error.Message.ReplaceLineEndings(" ")}); give the folder of a run that was stopped", error);
        }

        int start = s_magic.Length + sizeof(int);
        if (file.Length < start + SHA256.HashSizeInBytes || !file.AsSpan(0, s_magic.Length).SequenceEqual(s_magic))
            throw new InputException($"{path}: is not a checkpoint of LastBit; begin the run anew in another folder");
        var content = file.AsSpan(0, file.Length - SHA256.HashSizeInBytes);
        if (!SHA256.HashData(content).AsSpan().SequenceEqual(file.AsSpan(content.Length)))
        {
            throw new InputException($"{path}: is damaged (cut short or altered: its SHA-256 does not fit); "
                + "restore it from a copy, or begin the run anew in another folder");
        }
        int length = BinaryPrimitives.ReadInt32LittleEndian(content[s_magic.Length..]);
        if (length < 0 || length > HeaderLimit || start + length > content.Length)
            throw new InputException($"{path}: is not a checkpoint of LastBit; begin the run anew in another folder");

        var header = (JsonObject)JsonNode.Parse(content.Slice(start, length))!;
        CheckIdentity(path, (JsonObject)header["identity"]!, Identity(trainer, dataDigest));
        ReadOnlySpan<byte> numbers = content[(start + length)..];
        var layout = trainer.Model.Layout;
        long expected = (long)trainer.Replicas.Count * ((2L * layout.ParameterCount) + layout.StatisticCount) * sizeof(float);
        if (numbers.Length != expected)
            throw new InputException($"{path}: holds {numbers.Length} bytes of weights where {expected} belong; begin the run anew in another folder");

        foreach (var replica in trainer.Replicas)
        {
            numbers = Take(numbers, replica.State.Parameters);
            numbers = Take(numbers, replica.State.Statistics);
            numbers = Take(numbers, replica.Velocity);
        }
        var scores = header["scores"].Deserialize<EpochScore[]>()!;
        scores.CopyTo(trainer.Scores, 0);
        trainer.MoveTo(header["epoch"]!.GetValue<int>(), header["batch"]!.GetValue<int>());
        return header["note"]!.GetValue<string>();

        static ReadOnlySpan<byte> Take(ReadOnlySpan<byte> from, Span<float> to)
        {
            for (int i = 0; i < to.Length; i++)
                to[i] = BinaryPrimitives.ReadSingleLittleEndian(from[(i * sizeof(float))..]);
            return from[(to.Length * sizeof(float))..];
        }
    }

    private static void CheckIdentity(string path, JsonObject theirs, JsonObject ours)
    {
        // Both sides go through text, so that 1 and 1.0 are one number.
        var parsed = (JsonObject)JsonNode.Parse(ours.ToJsonString())!;
        foreach (string name in parsed.Select(member => member.Key).Union(theirs.Select(member => member.Key)))
        {
            if (!JsonNode.DeepEquals(parsed[name], theirs[name]))
            {
                string there = theirs[name]?.ToJsonString() ?? "missing", here = parsed[name]?.ToJsonString() ?? "missing";
                throw new InputException($"{path}: is of another run ({name} is {there} there and {here} here); "
                    + "go on with its own settings, or begin anew in another folder");
            }
        }
    }
}
