using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using LastBit.Data;
using LastBit.Engines.Cpu;
using LastBit.Experiments.Accuracy;
using LastBit.Experiments.Train;
using LastBit.Models;
using LastBit.Training;

namespace LastBit.Fuzzing;

/// <summary>Checkpoints, with a right checksum over wrong content. One that is refused must leave the training as it was.</summary>
internal static class CheckpointTargets
{
    private const int Head = 8 + sizeof(int);
    private static readonly Lazy<Subject> s_subject = new(() => new Subject());

    /// <summary>The file as bytes, and the JSON in its header by its members.</summary>
    public static IEnumerable<FuzzTarget> All =>
    [
        new("checkpoint", [s_subject.Value.Content], s_subject.Value.Read, Sign, ["LASTBITC", "\"epoch\":", "\"note\":", "{", "}", "NaN"]),
        new("checkpoint-header", [s_subject.Value.Header], s_subject.Value.Read, s_subject.Value.WithHeader) { IsJson = true },
        new("checkpoint-note", [s_subject.Value.Note], s_subject.Value.Read, s_subject.Value.WithNote) { IsJson = true },
    ];

    private static byte[] Sign(byte[] content) => [.. content, .. SHA256.HashData(content)];

    /// <summary>A training of a network of 634 weights, after one of its two epochs.</summary>
    private sealed class Subject
    {
        private readonly Trainer _trainer;
        private readonly byte[] _good;

        public Subject()
        {
            _trainer = Training();
            for (int step = 0; step < 3; step++)
                _trainer.Step();
            TrainingEpoch[] epochs = [.. _trainer.Replicas.Select(_ => new TrainingEpoch(1, 2.3, 12.5, 2.2, 25))];
            Note = Encoding.UTF8.GetBytes(
                Runs.ResultJson.Serialize(
                    new AccuracyRecorded([.. epochs.Select(epoch => new List<TrainingEpoch> { epoch })], [null, null])));
            string file = Path.Combine(Path.GetTempPath(), $"lastbit-fuzz-{Guid.NewGuid():N}.bin");
            try
            {
                Checkpoint.Save(file, _trainer, "data", Encoding.UTF8.GetString(Note));
                _good = File.ReadAllBytes(file);
            }
            finally
            {
                File.Delete(file);
            }
        }

        // Lives as long as the process.
        private static Trainer Training()
        {
            var b = new ModelBuilder(new TensorShape(32, 32, 3));
            b.Classify("fc",
                b.Activate(b.Normalize("bn1", b.Convolution("conv1", b.Images, channels: 16, size: 3, stride: 2)), Activation.Relu),
                classes: 10);
            (Dataset train, Dataset test) = Cifar10.Load(Cifar10.Sample);
            return new Trainer(
                new CpuEngineFactory(1), b.Build("fuzzed"), new TrainingSettings(Epochs: 2, BatchSize: 16), [1, 3], train.First(32),
                test.First(16));
        }

        /// <summary>The file but for its checksum.</summary>
        public byte[] Content => _good[..^32];

        /// <summary>The JSON in it.</summary>
        public byte[] Header => Content[Head..(Head + HeaderLength)];

        /// <summary>What the experiment has put into that.</summary>
        public byte[] Note { get; }

        private int HeaderLength => BinaryPrimitives.ReadInt32LittleEndian(_good.AsSpan(8));

        public byte[] WithHeader(byte[] header)
        {
            byte[] length = new byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(length, header.Length);
            return Sign([.. _good[..8], .. length, .. header, .. Content[(Head + HeaderLength)..]]);
        }

        public byte[] WithNote(byte[] note)
        {
            var header = System.Text.Json.Nodes.JsonNode.Parse(Header)!;
            header["note"] = Encoding.UTF8.GetString(note);
            return WithHeader(Encoding.UTF8.GetBytes(header.ToJsonString()));
        }

        public void Read(byte[] input) => Scratch.Read("checkpoint.bin", input, (folder, file) =>
        {
            string before = State();
            try
            {
                Resume(file);
                Resume(Scratch.Write(folder, "good.bin", _good));
            }
            catch (InputException)
            {
                if (State() != before)
                    throw new InvalidOperationException("a checkpoint that was refused has changed the training");
                throw;
            }
        });

        private void Resume(string file) =>
            new TrainingLoop(_trainer, file, "data", SilentObserver.Instance, CancellationToken.None).Resume(
            new AccuracyTraining(null!, _trainer, 32, 1, Perturbation.EachOfK(1, 3), null!, null!));

        private string State() => string.Join(' ', _trainer.Replicas.Select(replica =>
            {
                using var state = new Engines.NetworkState(_trainer.Model.Layout, vectors: 1);
                replica.State.Read(state);
                return state.Digest()
                    + Convert.ToHexString(SHA256.HashData(System.Runtime.InteropServices.MemoryMarshal.AsBytes(state.Vector(0))));
            }))
            + $" {_trainer.Epoch} {_trainer.BatchIndex} {string.Join(' ', _trainer.Scores)}";
    }
}
