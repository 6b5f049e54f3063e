using System.Globalization;
using CsCheck;
using LastBit.Arithmetic;
using LastBit.Data;
using LastBit.Engines;
using LastBit.Engines.Cpu;
using LastBit.Models;
using LastBit.Runs;
using LastBit.Training;

namespace LastBit.Tests.Training;

/// <summary>Each perturbation changes what it says and nothing else, on every machine alike.</summary>
public class PerturbationTests
{
    private static readonly Perturbation Ulp = Perturbation.Of(PerturbationKind.Ulp), Stochastic =
        Perturbation.Of(PerturbationKind.Stochastic),
        Order = Perturbation.Of(PerturbationKind.Order), Input = Perturbation.Of(PerturbationKind.Input), Convolution =
            Perturbation.Of(PerturbationKind.Convolution);

    private static readonly Perturbation[] All = [1, Ulp, Stochastic, Order, Input, Convolution];

    [Fact]
    public void Ulp_moves_exactly_one_weight_by_one_unit_in_the_last_place()
    {
        var places = new HashSet<int>();
        for (ulong seed = 1; seed <= 4; seed++)
        {
            using var training = new Training([1, Ulp, 3], new TrainingSettings(Seed: seed, Epochs: 1, BatchSize: 12));
            float[] plain = training.Weights(0), moved = training.Weights(1);
            int place = Assert.Single(Enumerable.Range(0, plain.Length), i => plain[i] != moved[i]);
            Assert.NotEqual(0, plain[place]);
            Assert.Equal(1, Math.Abs(BitConverter.SingleToInt32Bits(plain[place]) - BitConverter.SingleToInt32Bits(moved[place])));
            Assert.Equal(plain, training.Weights(2));
            places.Add(place);
        }
        Assert.Equal(4, places.Count);
    }

    [Fact]
    public void Every_perturbation_ends_in_other_bits_near_by_and_the_plain_run_beside_it_does_not_know()
    {
        using var alone = new Training([1]);
        using var together = new Training(All);
        alone.Trainer.Step();
        together.Trainer.Step();
        Assert.Equal(alone.Digests()[0], together.Digests()[0]);
        Assert.Equal(All.Length, together.Digests().Distinct().Count());
        for (int i = 1; i < All.Length; i++)
            Assert.InRange(RelativeDifference.L1(together.Weights(0), together.Weights(i)), 1e-13, 1e-4);
    }

    [Fact]
    public void Convolution_is_the_run_of_the_other_algorithm()
    {
        using var direct = new Training([1, Convolution]);
        using var winograd = new Training([1, Convolution], Training.Settings with { Convolution = ConvolutionAlgorithm.Winograd });
        direct.Finish();
        winograd.Finish();
        Assert.Equal(direct.Digests(), Enumerable.Reverse(winograd.Digests()));
        Score there = direct.Trainer.Evaluate(direct.Trainer.Replicas[1], TestContext.Current.CancellationToken), here =
            winograd.Trainer.Evaluate(winograd.Trainer.Replicas[0], TestContext.Current.CancellationToken);
        Assert.Equal(there, here);
    }

    [Fact]
    public void Order_hands_over_the_same_images_backwards_and_a_batch_of_one_as_it_is()
    {
        Dataset train = Cifar10.Load(Cifar10.Sample, 20).Train;
        var settings = new TrainingSettings(BatchSize: 5);
        BatchPerturbation view = BatchPerturbation.Of(Order, settings, train, 5)!;
        using var loader = BatchLoader.ForTraining(train, 3, 5, 0);
        Batch batch = loader.Next();
        HostBatch seen = Seen(train, 5);
        view.Take(batch, 1, 3, seen);
        Assert.Equal(batch.Labels.ToArray()[1..4].Reverse(), seen.Labels.ToArray());
        Assert.Equal(batch.Images.ToArray().Chunk(train.Shape.ImageFloats).Skip(1).Take(3).Reverse().SelectMany(image => image),
            seen.Images.ToArray());
        view.Take(batch, 2, 1, seen);
        Assert.Equal(batch.Images.ToArray().Chunk(train.Shape.ImageFloats).ElementAt(2), seen.Images.ToArray());

        using var one = new Training([1, Order], Training.Settings with { BatchSize = 1, Epochs = 1 });
        one.Finish();
        Assert.Equal(one.Digests()[0], one.Digests()[1]);
        Assert.Null(BatchPerturbation.Of(3, settings, train, 5));
    }

    [Fact]
    public void Input_moves_one_pixel_of_one_image_of_the_first_batch_whenever_it_is_seen()
    {
        Dataset train = Cifar10.Load(Cifar10.Sample, 20).Train;
        var settings = new TrainingSettings(Seed: 3, BatchSize: 6);
        BatchPerturbation view = BatchPerturbation.Of(Input, settings, train, 6)!;
        using var loader = BatchLoader.ForTraining(train, 3, 6, 0);
        HostBatch seen = Seen(train, 6);
        int[] moved = new int[2];
        var image = new HashSet<int>();
        for (int b = 0; b < 8; b++)
        {
            Batch batch = loader.Next();
            view.Take(batch, 0, batch.Count, seen);
            Assert.Equal(batch.Labels.ToArray(), seen.Labels.ToArray());
            float[] before = batch.Images.ToArray(), after = seen.Images.ToArray();
            int[] places = [.. Enumerable.Range(0, before.Length).Where(i => before[i] != after[i])];
            moved[batch.Epoch] += places.Length;
            foreach (int place in places)
            {
                Assert.Equal(1, Math.Abs(BitConverter.SingleToInt32Bits(before[place]) - BitConverter.SingleToInt32Bits(after[place])));
                image.Add(batch.Numbers[place / train.Shape.ImageFloats]);
                Assert.True(batch.Epoch > 0 || batch.Index == 0);
            }
        }
        Assert.Equal([1, 1], moved);
        Assert.Single(image);
    }

    [Fact]
    public void Stochastic_rounding_takes_a_neighbour_and_is_right_on_average() => Gen.Double[-4, 4].Sample(exact =>
    {
        const int Words = 1024;
        float near = (float)exact;
        double sum = 0;
        for (uint i = 0; i < Words; i++)
        {
            float rounded = StochasticRounding.Round(exact, i << 22);
            Assert.True(rounded == near || rounded == MathF.BitIncrement(near) || rounded == MathF.BitDecrement(near));
            Assert.True((rounded <= exact) == (rounded == StochasticRounding.Round(exact, uint.MaxValue)) || rounded > exact);
            sum += rounded - exact;
        }
        double ulp = (double)MathF.BitIncrement(Math.Abs(near)) - Math.Abs(near);
        Assert.InRange(sum / Words, -ulp / Words, ulp / Words);
    });

    [Fact]
    public void Stochastic_rounding_leaves_what_is_exact_and_what_is_not_finite()
    {
        foreach (float exact in new[] { 0, 1.5f, -3e-40f, float.MaxValue, float.PositiveInfinity })
            Assert.Equal(exact, StochasticRounding.Round(exact, 12345));
        Assert.True(float.IsNaN(StochasticRounding.Round(double.NaN, 1)));
        Assert.Equal(float.PositiveInfinity, StochasticRounding.Round(1e300, 1));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public void The_bits_do_not_depend_on_threads(int threads) =>
        Assert.Equal(Reference.Value, Train(threads.ToString(CultureInfo.InvariantCulture)));

    [Fact]
    public void A_run_stopped_at_any_step_ends_in_the_same_bits()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "checkpoint.bin");
        using var whole = new Training(All);
        whole.Finish();
        using var straight = new Training(All);
        for (int stop = 0; !straight.Trainer.IsFinished; stop++)
        {
            Checkpoint.Save(path, straight.Trainer, "data", "");
            using var resumed = new Training(All);
            Checkpoint.Load(path, resumed.Trainer, "data");
            resumed.Finish();
            Assert.Equal(whole.Digests(), resumed.Digests());
            straight.Trainer.Step();
        }
        using var other = new Training([1, Ulp]);
        string reason = Assert.Throws<InputException>(() => Checkpoint.Load(path, other.Trainer, "data")).Message;
        Assert.Contains("k is [1,\"ulp\",\"stochastic\",\"order\",\"input\",\"convolution\"] there and [1,\"ulp\"] here", reason,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Gradients_accumulated_over_passes_are_those_of_the_batch_but_for_rounding()
    {
        using var whole = new Training([1], Without());
        using var passes = new Training([1, 2, Order, Stochastic], Without() with { PassSize = 5 });
        whole.Trainer.Step();
        passes.Trainer.Step();
        double difference = RelativeDifference.L1(whole.Weights(0), passes.Weights(0));
        Assert.InRange(difference, 1e-12, 1e-5);
        Assert.Equal(whole.Trainer.Scores[0].Score.Loss, passes.Trainer.Scores[0].Score.Loss, 1e-5);
        Assert.Equal(passes.Digests()[0], passes.Digests()[1]);
        Assert.InRange(RelativeDifference.L1(passes.Weights(0), passes.Weights(2)), 1e-12, 1e-5);
        Assert.False(Checkpoint.Identity(whole.Trainer, "").ContainsKey("passSize"));
        Assert.Equal(5, (int?)Checkpoint.Identity(passes.Trainer, "")["passSize"]);

        // All images in file order, again and again; resumed in the same bits.
        using var folder = new TemporaryFolder();
        TrainingSettings fixedOrder = Without() with { BatchSize = 20, PassSize = 8, Epochs = 4, Shuffle = false };
        using var straight = new Training([1, Input], fixedOrder);
        using var resumed = new Training([1, Input], fixedOrder);
        straight.Trainer.Step();
        straight.Trainer.Step();
        Checkpoint.Save(Path.Combine(folder.Path, "c"), straight.Trainer, "", "");
        Checkpoint.Load(Path.Combine(folder.Path, "c"), resumed.Trainer, "");
        straight.Finish();
        resumed.Finish();
        Assert.Equal(straight.Digests(), resumed.Digests());
        Assert.NotEqual(straight.Digests()[0], straight.Digests()[1]);

        // Without batch normalisation, whose statistics are a pass's.
        static TrainingSettings Without() => new(Seed: 7, Epochs: 1, BatchSize: 12, LearningRate: 0.01);
    }

    [Fact]
    public void A_perturbation_has_one_name_everywhere()
    {
        foreach (Perturbation one in All.Concat(Perturbation.EachOfK(3, 11)))
        {
            Assert.Equal(one, Perturbation.FromFileName(one.FileName));
            Assert.Equal(one, Perturbation.Parse(one.IsK ? $"k={one.Word}" : one.Word));
            Assert.Equal(one, ResultJson.Deserialize<Perturbation>(ResultJson.Serialize(one)));
            var table = new SortedDictionary<Perturbation, int> { [one] = 1 };
            Assert.Equal(table, ResultJson.Deserialize<SortedDictionary<Perturbation, int>>(ResultJson.Serialize(table)));
        }
        Assert.Equal(["3", "\"ulp\""], new[] { 3, Ulp }.Select(one => ResultJson.Serialize<Perturbation>(one)));
        // A null among them would be met only where it is used.
        foreach (string word in (string[])["[3,null]", "[true]", "[\"k\"]", "[0]"])
            Assert.Throws<System.Text.Json.JsonException>(() => ResultJson.Deserialize<Perturbation[]>(word));
        Assert.Equal("k = 1, 3, ulp", Perturbation.Names([1, Ulp, 3]));
        Assert.Equal("order", Perturbation.Names([Order]));
        Assert.Equal([1, 3, 11, Ulp, Order], new Perturbation[] { Order, 11, Ulp, 3, 1 }.Order());
        foreach (string bad in new[] { "k", "k=", "k=x", "k=0", "3", "Ulp", "", "k=1e9" })
            Assert.StartsWith("perturbation: there is no perturbation",
                Assert.Throws<InputException>(() => Perturbation.Parse(bad)).Message, StringComparison.Ordinal);
        foreach (string bad in new[] { "k03", "k3.json", "ULP", "" })
            Assert.Null(Perturbation.FromFileName(bad));
    }

    private static HostBatch Seen(Dataset train, int capacity) =>
        new(new ConnectedNetworkSettings { Activation = Activation.Tanh, Images = train.Shape.Image }.Build(), capacity);

    private static readonly Lazy<string> Reference = new(() => Train("3"));

    internal static string Train(string threads)
    {
        // Small, for without vectors every fused multiply-add is computed in software.
        using var training = new Training(All, Training.Settings with { Epochs = 1, BatchSize = 10 },
            threads: int.Parse(threads, CultureInfo.InvariantCulture));
        training.Finish();
        return string.Join(' ', training.Digests());
    }

    private sealed class Training : IDisposable
    {
        public static readonly TrainingSettings Settings = new(Seed: 7, Epochs: 2, BatchSize: 12);
        private readonly CpuEngineFactory _engines;

        public Training(Perturbation[] perturbations, TrainingSettings? settings = null, int threads = 2)
        {
            _engines = new CpuEngineFactory(threads);
            var (train, test) = Cifar10.Load(Cifar10.Sample, 20);
            string network = settings is { LearningRate: 0.01 } ? "resnet8-nobn" : "resnet8";
            Trainer = new Trainer(_engines, NetworkSettings.Parse(network, Activation.Swish).Build(), settings ?? Settings, perturbations,
                train, test.First(5));
        }

        public Trainer Trainer { get; }

        public float[] Weights(int replica)
        {
            float[] weights = new float[Trainer.Model.Layout.ParameterCount];
            Trainer.Replicas[replica].State.Read(Trainer.Model.Layout.Weights, weights);
            return weights;
        }

        public string[] Digests() => [.. Trainer.Replicas.Select(replica => replica.State.Digest())];

        public void Finish()
        {
            while (!Trainer.IsFinished)
                Trainer.Step();
        }

        public void Dispose()
        {
            Trainer.Dispose();
            _engines.Dispose();
        }
    }
}
