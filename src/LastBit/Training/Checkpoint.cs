using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LastBit.Engines;
using LastBit.Files;
using LastBit.Models;

namespace LastBit.Training;

/// <summary>
/// The whole state of a training after any step, in one file: position, sums of the epoch,
/// and of each replica weights, running statistics and the vectors of its update rule.
/// A run that is resumed from it ends in the same bits as one that was never stopped.
/// The file begins with the settings that the bits depend on and ends with a SHA-256 over everything before,
/// so that a file that is cut short, altered, or of another run is refused with the reason.
/// </summary>
public static class Checkpoint
{
    private const int HeaderLimit = 1 << 26;
    private static readonly JsonSerializerOptions s_identity = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter() },
    };

    // The sums of a training that diverged are not finite.
    private static readonly JsonSerializerOptions s_scores = new()
    {
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
        RespectRequiredConstructorParameters = true,
    };

    private static readonly byte[] s_magic = "LASTBITC"u8.ToArray();

    /// <summary>Everything that the bits of a training depend on, as a document to compare.</summary>
    /// <param name="trainer">The training.</param>
    /// <param name="dataDigest">A digest of training and test images.</param>
    /// <returns>The document; two trainings with equal documents compute equal bits.</returns>
    public static JsonObject Identity(Trainer trainer, string dataDigest)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        // The whole record, so that a setting that is added later cannot be forgotten here.
        var identity = new JsonObject
        {
            ["arithmetic"] = trainer.Arithmetic,
            ["network"] = trainer.Model.Identity,
            ["activation"] = trainer.Model.Activations,
        };
        foreach ((string name, JsonNode? value) in (JsonObject)JsonSerializer.SerializeToNode(trainer.Settings, s_identity)!)
            identity[name] = value?.DeepClone();
        identity["k"] = new JsonArray([.. trainer.Replicas.Select(replica => JsonSerializer.SerializeToNode(replica.Perturbation))]);
        identity["data"] = dataDigest;
        // Left out where they are what they always were, so that what was begun before there was a choice is resumed.
        if (trainer.Settings.Convolution == ConvolutionAlgorithm.Direct)
            identity.Remove("convolution");
        if (trainer.Settings.PassSize is null)
            identity.Remove("passSize");
        if (trainer.Settings.Shuffle)
            identity.Remove("shuffle");
        if (trainer.Settings.Initial is null)
            identity.Remove("initial");
        return identity;
    }

    /// <summary>SHA-256 of a checkpoint's file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>64 lower-case hexadecimal digits.</returns>
    /// <exception cref="InputException">It cannot be read.</exception>
    public static string FileDigest(string path) => Runs.CellFiles.DigestOf(path);

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
            ["scores"] = JsonSerializer.SerializeToNode(trainer.Scores, s_scores),
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
            using NetworkState state = StateOf(trainer);
            foreach (var replica in trainer.Replicas)
            {
                replica.State.Read(state);
                PutNumbers(state.Parameters);
                PutNumbers(state.Statistics);
                for (int i = 0; i < state.Vectors; i++)
                    PutNumbers(state.Vector(i));
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
    public static string Load(string path, Trainer trainer, string dataDigest) => Load(path, trainer, dataDigest, note => note);

    /// <inheritdoc cref="Load(string, Trainer, string)"/>
    /// <param name="path">The file.</param>
    /// <param name="trainer">A training of the same settings, k and network.</param>
    /// <param name="dataDigest">A digest of training and test images.</param>
    /// <param name="read">Reads the note and throws where it is not what belongs there; called before anything is overwritten.</param>
    /// <returns>What <paramref name="read"/> returned.</returns>
    public static T Load<T>(string path, Trainer trainer, string dataDigest, Func<string, T> read)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        ArgumentNullException.ThrowIfNull(read);
        ReadOnlyMemory<byte> content = Content(path, out int start, out int length);
        // Nothing of the training is touched before all of the content has been looked at: a right checksum can stand over anything.
        (JsonObject identity, int epoch, int batch, EpochScore[] scores, string note) = ReadHeader(path, content.Span.Slice(start, length));
        CheckIdentity(path, identity, Identity(trainer, dataDigest));
        CheckPosition(path, trainer, epoch, batch, scores);
        T recorded = read(note);
        ReadOnlySpan<byte> numbers = content.Span[(start + length)..];
        using NetworkState state = StateOf(trainer);
        long expected = (long)trainer.Replicas.Count * (((1L + state.Vectors) * state.Parameters.Length)
            + state.Statistics.Length) * sizeof(float);
        if (numbers.Length != expected)
        {
            throw new InputException(
                $"{path}: holds {numbers.Length} bytes of weights where {expected} belong; begin the run anew in another folder");
        }

        foreach (var replica in trainer.Replicas)
        {
            numbers = Take(numbers, state.Parameters);
            numbers = Take(numbers, state.Statistics);
            for (int i = 0; i < state.Vectors; i++)
                numbers = Take(numbers, state.Vector(i));
            replica.State.Write(state);
        }
        trainer.MoveTo(epoch, batch);
        scores.CopyTo(trainer.Scores, 0);
        return recorded;
    }

    /// <summary>What a checkpoint holds of its replicas.</summary>
    /// <param name="Epoch">How many epochs were done.</param>
    /// <param name="Batch">How many batches of the next.</param>
    /// <param name="States">Of each replica its perturbation, and its weights and running statistics; the caller's to dispose of.</param>
    public sealed record Replicas(int Epoch, int Batch, IReadOnlyList<(Perturbation Perturbation, NetworkState State)> States);

    /// <summary>Reads the weights in a file, whatever training they are of, without its data.</summary>
    /// <param name="path">The file.</param>
    /// <param name="model">The network.</param>
    /// <exception cref="InputException">The file is missing, cut short, altered, or of another network.</exception>
    public static Replicas ReadReplicas(string path, Model model)
    {
        ArgumentNullException.ThrowIfNull(model);
        ReadOnlyMemory<byte> content = Content(path, out int start, out int length);
        (JsonObject identity, int epoch, int batch, _, _) = ReadHeader(path, content.Span.Slice(start, length));
        if (identity["network"]?.ToString() != model.Identity)
        {
            string other = ForeignText.Cut(identity["network"]?.ToString());
            throw new InputException($"{path}: is of {other} and not of {model.Identity}, as the run.json of its folder says; "
                + "leave it in the folder of its run");
        }
        Perturbation[] perturbations = PerturbationsOf(path, identity);
        ReadOnlySpan<byte> numbers = content.Span[(start + length)..];
        long parameters = model.Layout.ParameterCount, statistics = model.Layout.StatisticCount;
        long each = numbers.Length / sizeof(float) / perturbations.Length;
        // The vectors of the update rule come behind; how many there are follows from the length.
        if (numbers.Length != each * perturbations.Length * sizeof(float) || each < parameters + statistics
            || (each - statistics) % parameters != 0)
            throw new InputException($"{path}: holds {numbers.Length} bytes of weights, which are not those of {model.Name}");
        List<(Perturbation, NetworkState)> states = [];
        foreach (Perturbation perturbation in perturbations)
        {
            var state = new NetworkState(model.Layout);
            _ = Take(Take(numbers, state.Parameters), state.Statistics);
            numbers = numbers[(int)(each * sizeof(float))..];
            states.Add((perturbation, state));
        }
        return new Replicas(epoch, batch, states);
    }

    private static Perturbation[] PerturbationsOf(string path, JsonObject identity)
    {
        try
        {
            return identity["k"].Deserialize<Perturbation[]>() is { Length: > 0 } all ? all : throw new JsonException();
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or NotSupportedException or InputException)
        {
            throw new InputException($"{path}: does not say which replicas it holds; give a checkpoint as LastBit writes it", error);
        }
    }

    private static ReadOnlySpan<byte> Take(ReadOnlySpan<byte> from, Span<float> to)
    {
        for (int i = 0; i < to.Length; i++)
            to[i] = BinaryPrimitives.ReadSingleLittleEndian(from[(i * sizeof(float))..]);
        return from[(to.Length * sizeof(float))..];
    }

    /// <summary>A file without its checksum, which is right; its header lies at <paramref name="start"/>, the numbers behind it.</summary>
    private static ReadOnlyMemory<byte> Content(string path, out int start, out int length)
    {
        byte[] file;
        try
        {
            file = File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InputException(
                $"{path}: cannot be read ({error.Message.ReplaceLineEndings(" ")}); give the folder of a run that was stopped", error);
        }

        start = s_magic.Length + sizeof(int);
        if (file.Length < start + SHA256.HashSizeInBytes || !file.AsSpan(0, s_magic.Length).SequenceEqual(s_magic))
            throw new InputException($"{path}: is not a checkpoint of LastBit; begin the run anew in another folder");
        var content = file.AsMemory(0, file.Length - SHA256.HashSizeInBytes);
        if (!SHA256.HashData(content.Span).AsSpan().SequenceEqual(file.AsSpan(content.Length)))
        {
            throw new InputException($"{path}: is damaged (cut short or altered: its SHA-256 does not fit); "
                + "restore it from a copy, or begin the run anew in another folder");
        }
        length = BinaryPrimitives.ReadInt32LittleEndian(content.Span[s_magic.Length..]);
        if (length < 0 || length > HeaderLimit || start + length > content.Length)
            throw new InputException($"{path}: is not a checkpoint of LastBit; begin the run anew in another folder");
        return content;
    }

    /// <summary>Memory for the whole state of a replica.</summary>
    private static NetworkState StateOf(Trainer trainer) => new(trainer.Model.Layout, trainer.Replicas[0].State.StateVectors);

    private static (JsonObject Identity, int Epoch, int Batch, EpochScore[] Scores, string Note) ReadHeader(string path,
        ReadOnlySpan<byte> text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text.ToArray(), new JsonDocumentOptions { AllowDuplicateProperties = false });
            var header = JsonObject.Create(document.RootElement.Clone()) ?? throw new JsonException("it is not an object");
            Runs.ResultJson.CheckText(header);
            return (
                (JsonObject)Member("identity"), Member("epoch").GetValue<int>(), Member("batch").GetValue<int>(),
                Member("scores").Deserialize<EpochScore[]>(s_scores) ?? throw new JsonException("scores is null"),
                Member("note").GetValue<string>());

            JsonNode Member(string name) => header[name] ?? throw new JsonException($"{name} is missing");
        }
        catch (Exception error) when (
            error is JsonException or InvalidOperationException or FormatException or InvalidCastException or ArgumentException)
        {
            throw new InputException($"{path}: its checksum is right, but its header is not that of a checkpoint of LastBit "
                + $"({ForeignText.Cut(error.Message.TrimEnd('.'), 200)}); delete it to compute the run again", error);
        }
    }

    private static void CheckPosition(string path, Trainer trainer, int epoch, int batch, EpochScore[] scores)
    {
        string? problem = epoch < 0 || epoch > trainer.Settings.Epochs ? $"epoch {epoch} of {trainer.Settings.Epochs} cannot be"
            : batch < 0 || batch >= trainer.BatchesPerEpoch || (batch > 0 && epoch == trainer.Settings.Epochs)
                ? $"batch {batch} of {trainer.BatchesPerEpoch} cannot be"
            : scores.Length != trainer.Replicas.Count ? $"it has {scores.Length} scores for {trainer.Replicas.Count} replicas"
            : scores.Any(score => score.Count < 0 || score.Correct < 0 || score.Correct > score.Count) ? "a score of it cannot be"
            : null;
        if (problem is not null)
            throw new InputException($"{path}: {problem}; delete it to compute the run again");
    }

    private static void CheckIdentity(string path, JsonObject theirs, JsonObject ours)
    {
        // Both sides go through text, so that 1 and 1.0 are one number.
        var parsed = (JsonObject)JsonNode.Parse(ours.ToJsonString())!;
        // Where the learning rate stays, no bit depends on how long it goes on.
        bool isFixedRate = parsed["stepSchedule"]?.GetValueKind() == JsonValueKind.False;
        foreach (string name in parsed.Select(member => member.Key).Union(theirs.Select(member => member.Key))
            .Where(name => name != "epochs" || !isFixedRate))
        {
            if (!JsonNode.DeepEquals(parsed[name], theirs[name]))
            {
                string there = theirs[name]?.ToJsonString() ?? "missing", here = parsed[name]?.ToJsonString() ?? "missing";
                throw new InputException(
                    $"{path}: is of another run ({ForeignText.Cut(name)} is {ForeignText.Cut(there)} there and {ForeignText.Cut(here)} "
                        + "here); "
                    + "resume it with its own settings, or begin anew in another folder");
            }
        }
    }
}
