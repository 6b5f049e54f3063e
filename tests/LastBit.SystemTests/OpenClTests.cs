using System.Diagnostics;
using LastBit.Benchmarks;
using LastBit.Data;
using LastBit.Engines;
using LastBit.Engines.Cpu;
using LastBit.Engines.OpenCl;
using LastBit.Models;
using LastBit.Random;
using LastBit.Tests;
using LastBit.Tests.Cli;
using LastBit.Training;

namespace LastBit.SystemTests;

/// <summary>The kernels of OpenCL on a processor (PoCL): the bits of the CPU's engine, and what becomes of a device that lies.</summary>
public sealed class OpenClTests : IDisposable
{
    // Digests of ContractTests.
    private const string Relu = "eb0dcd7809a254479a2e446573a9b92f43fe5e7ff1d76fb2790d529ef13bb4ef";
    private const string Swish = "aee40569a41003fcf313e9f358a1d3bc7a12f0bbdfef1bdfd8040ed0c62f0d35";
    private const string WinogradRelu = "62c78a782dfda8209c9824830472625dac1f1ed6aac5ff868274cb41975bb157";
    private const string WinogradSwish = "242052be115753406d5b6a02a277d6f8d43999255a22a53bf79b22bfb8f9cdce";

    private static readonly Lazy<OpenClDevice?> s_device = new(() => OpenClDevice.All().FirstOrDefault(one => one.IsProcessor));
    private readonly TemporaryFolder _folder = new();
    private readonly CpuEngineFactory _cpu = new(2);

    public OpenClTests() => Assert.SkipWhen(s_device.Value is null, "There is no OpenCL on a processor here (pocl-opencl-icd).");

    public void Dispose()
    {
        _cpu.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_device_passes_its_test_and_that_is_remembered()
    {
        Assert.False(DeviceTest.HasPassed(s_device.Value!, _folder.Path));
        DeviceTest.Open(s_device.Value!, _folder.Path).Dispose();
        Assert.True(DeviceTest.HasPassed(s_device.Value!, _folder.Path));
    }

    [Theory]
    [InlineData(Activation.Relu, ConvolutionAlgorithm.Direct, Relu)]
    [InlineData(Activation.Swish, ConvolutionAlgorithm.Direct, Swish)]
    [InlineData(Activation.Relu, ConvolutionAlgorithm.Winograd, WinogradRelu)]
    [InlineData(Activation.Swish, ConvolutionAlgorithm.Winograd, WinogradSwish)]
    public void The_digest_is_the_contracts(Activation activation, ConvolutionAlgorithm convolution, string digest)
    {
        using var engines = Engines();
        using Trainer trainer = ResNet8(engines, [1, 3, 4], activation, convolution);
        trainer.Step();
        trainer.Evaluate(trainer.Replicas[0], TestContext.Current.CancellationToken);
        while (!trainer.IsFinished)
            trainer.Step();
        Assert.Equal(digest, trainer.Replicas[0].State.Digest());
        Assert.Equal(digest, trainer.Replicas[2].State.Digest());
        Assert.NotEqual(digest, trainer.Replicas[1].State.Digest());
    }

    /// <summary>Networks by name, and small ones of layers in further places; sizes of a batch that are no whole chunk.</summary>
    [Theory]
    [InlineData("fc-tanh", 20, 6)]
    [InlineData("fc-softplus", 9, 9)]
    [InlineData("cnn-relu-max", 20, 7)]
    [InlineData("cnn-elu", 5, 5)]
    [InlineData("resnet8-nobn", 6, 5)]
    [InlineData("resnet8-gn", 12, 9)]
    [InlineData("preresnet11-bottleneck", 6, 6)]
    [InlineData("vgg16", 5, 4)]
    public void A_network_has_the_bits_of_the_CPU(string name, int images, int batch)
    {
        Loss loss = name == "fc-tanh" ? Loss.SquaredError : Loss.CrossEntropy;
        Model model = (NetworkSettings.Parse(name, Activation.Relu) with { Loss = loss }).Build();
        (Dataset train, Dataset test) = Cifar10.Load(Cifar10.Sample, images);
        var settings = new TrainingSettings(Epochs: 1, BatchSize: batch, LearningRate: 0.01, Convolution: ConvolutionAlgorithm.Winograd);
        using var engines = Engines();
        AssertSame(
            new Trainer(_cpu, model, settings, [1, 3], train, test.First(5)),
            new Trainer(engines, model, settings, [1, 3], train, test.First(5)));
    }

    /// <summary>Also where dropout draws, to which the place of an image in the plain run's batch matters.</summary>
    [Theory]
    [InlineData("cnn-tanh", 0)]
    [InlineData("fc-elu", 0.3)]
    public void Every_rule_and_perturbation_has_the_bits_of_the_CPU(string name, double dropout)
    {
        Model model = (NetworkSettings.Parse(name, Activation.Relu) with { Dropout = dropout }).Build();
        (Dataset train, Dataset test) = Cifar10.Load(Cifar10.Sample, 20);
        PerturbationKind[] kinds = [.. Enum.GetValues<PerturbationKind>().Where(kind => kind != PerturbationKind.K)];
        Perturbation[] perturbations = [1, 11, .. kinds.Select(Perturbation.Of)];
        using var engines = Engines();
        foreach (Optimizer optimizer in Enum.GetValues<Optimizer>())
        {
            var settings = new TrainingSettings(Epochs: 2, BatchSize: 10, LearningRate: 0.01, PassSize: 4, Optimizer: optimizer);
            AssertSame(
                new Trainer(_cpu, model, settings, perturbations, train, test.First(5)),
                new Trainer(engines, model, settings, perturbations, train, test.First(5)));
        }
    }

    [Fact]
    public void A_run_goes_on_from_one_engine_to_the_other_at_every_step()
    {
        string path = _folder["checkpoint.bin"];
        using var engines = Engines();
        Trainer there = ResNet8(engines, [1, 3]), here = ResNet8(_cpu, [1, 3]);
        for (bool onDevice = true; !here.IsFinished && !there.IsFinished; onDevice = !onDevice)
        {
            Trainer now = onDevice ? there : here;
            now.Step();
            Checkpoint.Save(path, now, "data", "");
            Checkpoint.Load(path, onDevice ? here : there, "data");
        }
        Assert.Equal(Relu, here.Replicas[0].State.Digest());
        Assert.Equal(Relu, there.Replicas[0].State.Digest());
        here.Dispose();
        there.Dispose();
    }

    [Fact]
    public void Special_numbers_go_through_a_network_as_on_the_CPU()
    {
        float[] special =
        [
            0, -0f, float.Epsilon, -1e-40f, 1e-38f, 1e-20f, -1e-20f, 1, -1, 1e20f, float.MaxValue, float.PositiveInfinity,
            float.NegativeInfinity, float.NaN,
        ];
        using var engines = Engines();
        foreach (string name in (string[])["resnet8-nobn", "cnn-relu-max", "resnet8"])
        {
            Model model = NetworkSettings.Parse(name, Activation.Relu).Build();
            const int Count = 6;
            float[] images = new float[Count * model.ImageFloats];
            // One image each of ordinary, small, and all special numbers, and some with few of them.
            for (int i = 0; i < images.Length; i++)
            {
                RandomWords words = Philox.Draw(1, RandomPurpose.None, 0, (ulong)i);
                int image = i / model.ImageFloats;
                images[i] = i % 4 == 3 ? 0 : image switch
                {
                    0 => special[words.X % special.Length],
                    1 => special[words.X % 6],
                    2 => 1e-39f * (words.Y % 100),
                    _ => words.X % 500 == 0 ? special[words.Y % special.Length] : (words.Z % 256 / 128f) - 1,
                };
            }
            float[][] outputs = [.. new IEngineFactory[] { _cpu, engines }.Select(factory => Gradients(factory, model, images, Count))];
            for (int i = 0; i < outputs[0].Length; i++)
                Assert.True(Same(outputs[0][i], outputs[1][i]), $"{name}: number {i}: {outputs[0][i]:R} and {outputs[1][i]:R}");
        }
    }

    /// <summary>A compiler that fuses products with sums is found out by the operations alone.</summary>
    [Fact]
    public void A_compiler_that_contracts_is_refused()
    {
        string source = OpenClProgram.Source.Replace("FP_CONTRACT OFF", "FP_CONTRACT ON", StringComparison.Ordinal);
        using var lying = new OpenClProgram(s_device.Value!, source, "-cl-mad-enable -cl-fast-relaxed-math");
        string wrong = DeviceTest.WhyNot(lying)!;
        Assert.Matches(@"^.+ for x = .+, y = .+, z = .+ is .+ there and .+ on the CPU$", wrong);
    }

    /// <summary>A constant in its fifth digit, a comparison, a sum that is not fused: one of the two parts of the test says so.</summary>
    [Theory]
    [InlineData("1.9790244e-4f", "1.9791e-4f", "exp(x)")]
    [InlineData("p = fma(p, z, 0.28537494f);", "p = fma(p, z, 0.28538f);", "log(x)")]
    [InlineData("return left > right ? left : right;", "return left >= right ? left : right;", "max(x, y)")]
    [InlineData("fma(1.5f, p, fma(-2.0f, d2, d0 + d4))", "fma(1.5f, p, fma(-2.0f, d2, d4 + d0 * 1.0000001f))", "a training of")]
    [InlineData("a1 = fma4(v2, w1, a1);", "a1 = v2 * w1 + a1;", "a training of")]
    [InlineData("sum = fma(d, d, sum);", "sum = sum + d * d;", "a training of")]
    public void A_kernel_that_is_changed_is_refused(string right, string wrong, string found)
    {
        Assert.Contains(right, OpenClProgram.Source, StringComparison.Ordinal);
        using var lying = new OpenClProgram(s_device.Value!, OpenClProgram.Source.Replace(right, wrong, StringComparison.Ordinal));
        Assert.StartsWith(found, DeviceTest.WhyNot(lying), StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_that_begins_to_lie_stops_the_run_before_the_step_that_it_computed_wrong()
    {
        string source = OpenClProgram.Source.Replace(
            "float d = nesterov ? fma(momentum, v, g) : v;", "float d = nesterov ? momentum * v + g : v;", StringComparison.Ordinal);
        using var engines = new OpenClEngineFactory(() => new OpenClProgram(s_device.Value!, source));
        using Trainer lying = ResNet8(engines, [1, 3]), right = ResNet8(_cpu, [1, 3]);
        string before = right.Replicas[0].State.Digest();
        string message = Assert.Throws<WitnessException>(lying.Step).Message;
        Assert.Contains("step 1 otherwise than the CPU (k = 1, conv1.weight, number ", message, StringComparison.Ordinal);
        Assert.Equal(0, lying.StepsDone);
        Assert.Equal(before, lying.Replicas[1].State.Digest());

        // What it leaves is a checkpoint that the CPU goes on from.
        Checkpoint.Save(_folder["checkpoint.bin"], lying, "data", "");
        Checkpoint.Load(_folder["checkpoint.bin"], right, "data");
        while (!right.IsFinished)
            right.Step();
        Assert.Equal(Relu, right.Replicas[0].State.Digest());
    }

    [Fact]
    public void A_vendors_library_computes_without_a_loader()
    {
        OpenClLibrary? library = OpenClLibrary.OpenVendor("libpocl.so.2");
        Assert.SkipWhen(library is null, "libpocl.so.2 is not here.");
        using var program = new OpenClProgram(OpenClDevice.Of(library)[0]);
        Assert.Null(DeviceTest.WrongOperation(program));
        Assert.Null(OpenClLibrary.OpenVendor("libno-such-vendor.so.1"));
        Assert.Null(OpenClLibrary.Open("libno-such-loader.so.1"));
    }

    [Fact]
    public void What_it_cannot_do_is_one_line()
    {
        using var engines = Engines();
        Assert.Null(engines.WhyNot(NetworkSettings.Parse("resnet8-gn", Activation.Relu).Build()));
        Assert.Contains("Hessian", engines.WhyNot(new ResNetSettings(8).Build(), hessian: true), StringComparison.Ordinal);
        using var program = new OpenClProgram(s_device.Value!);
        string full = Assert.Throws<OpenClException>(() => program.Allocate((s_device.Value!.LargestBuffer / 4) + (1 << 20))).Message;
        Assert.Contains("give a smaller batch", full, StringComparison.Ordinal);
        var large = Assert.Throws<InputException>(() => engines.CreateEngine(new ResNetSettings(8).Build(), 1 << 17));
        Assert.Equal("batchSize", large.Setting);
        string broken = Assert.Throws<OpenClException>(() => new OpenClProgram(s_device.Value!, "__kernel void no(")).Message;
        Assert.Contains("CL_BUILD_PROGRAM_FAILURE", broken, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', broken);
        var none = Assert.Throws<InputException>(() => OpenClDevice.Get(77));
        Assert.Contains("there is no device 77; give 0 (", none.Message, StringComparison.Ordinal);
    }

    /// <summary>The model of the benchmarks counts what the engine launches.</summary>
    [Theory]
    [InlineData("resnet8", ConvolutionAlgorithm.Direct, 1)]
    [InlineData("resnet8", ConvolutionAlgorithm.Winograd, 3)]
    [InlineData("cnn-relu-max", ConvolutionAlgorithm.Direct, 2)]
    public void The_model_of_a_step_counts_its_launches(string name, ConvolutionAlgorithm convolution, int number)
    {
        Model model = NetworkSettings.Parse(name, Activation.Relu).Build();
        using var program = new OpenClProgram(s_device.Value!);
        using var engine = new OpenClEngine(program, model, 4, convolution);
        Assert.True(engine.ReplicasTogether >= number);
        IReplica[] replicas = [.. Enumerable.Range(0, number).Select(_ => engine.CreateReplica(new Sgd()))];
        using IBatch batch = engine.CreateBatch(4);
        batch.Write(new float[4 * model.ImageFloats], new int[4]);
        long launches = 0;
        for (int step = 0; step < 2; step++)
        {
            launches = program.Launches;
            engine.ForwardTogether(replicas, batch, 0, 4, new PassSettings(IsTraining: true));
            engine.Backward();
            engine.UpdateTogether([.. Enumerable.Repeat(new UpdateStep(0.1, step), number)]);
        }
        Assert.Equal(GpuModel.Step(model, 4, convolution, number).Count, program.Launches - launches);
        Array.ForEach(replicas, replica => replica.Dispose());
    }

    [Fact]
    public void A_training_of_the_command_line_ends_in_the_files_of_the_CPU()
    {
        ToyRuns.WriteImages(_folder["images"]);
        string[] command =
            ["train", "--network", "resnet8", "--epochs", "2", "--batch-size", "16", "--data", $"images={_folder["images"]}", "--quiet"];
        foreach (string engine in (string[])["cpu", "opencl"])
        {
            LastBitProcess run = LastBitProcess.Run([.. command, "--engine", engine, "--out", _folder[engine]]);
            Assert.True(run.ExitCode == 0, run.Error);
        }
        Assert.Equal(ToyRuns.Results(_folder["cpu"]), ToyRuns.Results(_folder["opencl"]));
        Assert.Contains("\"engine\": \"opencl\"", File.ReadAllText(_folder["opencl/run.json"]), StringComparison.Ordinal);
        Assert.Contains("computes the bits of the CPU", LastBitProcess.Run(["info"]).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_processes_share_a_device_and_a_folder()
    {
        ToyRuns.WriteImages(_folder["images"]);
        string[] call = [.. ToyRuns.Call("accuracy", _folder["images"]).Select(word => word == "1,2" ? "1,2,3,4,5,6" : word)];
        Assert.Equal(0, ToyRuns.Run([.. call, "--out", _folder["cpu"]]).ExitCode);
        string both = _folder["both"], run = Path.Combine(both, "run.json");
        using Process first = ToyRuns.Start([.. call, "--engine", "opencl", "--out", both]);
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        Task<string>[] said = [first.StandardOutput.ReadToEndAsync(cancellation), first.StandardError.ReadToEndAsync(cancellation)];
        while (!File.Exists(run) && !first.HasExited)
            await Task.Delay(10, cancellation);
        LastBitProcess second = ToyRuns.Run(["accuracy", "--resume", both, "--engine", "opencl", "--threads", "1"]);
        string[] words = await Task.WhenAll(said);
        await first.WaitForExitAsync(cancellation);
        // The one that ends first leaves to the other what that is working on.
        Assert.True(first.ExitCode == 0 || second.ExitCode == 0, words[1] + second.Error);
        Assert.All([words[1], second.Error], error => Assert.Contains("k = 1, 3: test accuracy", error, StringComparison.Ordinal));
        Assert.Equal(ToyRuns.Results(_folder["cpu"]), ToyRuns.Results(both));
    }

    [Fact]
    public void Differences_are_those_of_the_CPU_whatever_the_numbers()
    {
        float[] numbers =
        [
            0, -0f, float.Epsilon, -float.Epsilon, 1.1754942e-38f, 1, 1.0000001f, -1, 3, 1e30f, float.MaxValue, -float.MaxValue,
            float.PositiveInfinity, float.NegativeInfinity, float.NaN,
        ];
        Model model = new ResNetSettings(8).Build();
        Parameter[] tensors = [.. model.Layout.All.Where(one => one.IsTrainable), model.Layout.Weights];
        double[][] found = [.. new IEngineFactory[] { Engines(), new CpuEngineFactory(1) }.Select(factory =>
        {
            using (factory)
            using (IEngine engine = factory.CreateEngine(model, 1))
            using (IReplica a = engine.CreateReplica(new Sgd()), b = engine.CreateReplica(new Sgd()))
            using (NetworkState left = new(model.Layout), right = new(model.Layout))
            {
                left.Initialise(1);
                right.Initialise(2);
                // A tensor for each pair of special numbers, as long as there are tensors; those of equal numbers among them.
                for (int i = 0; i < tensors.Length - 1; i++)
                {
                    left.Get(tensors[i])[i % tensors[i].Count] = numbers[i % numbers.Length];
                    right.Get(tensors[i])[i % tensors[i].Count] = numbers[i * 7 % numbers.Length];
                }
                left.Get(tensors[2]).Fill(float.NaN);
                right.Get(tensors[2]).Fill(float.NaN);
                a.Write(left);
                b.Write(right);
                double[] differences = new double[tensors.Length];
                a.Differences(b, tensors, differences);
                return differences;
            }
        })];
        Assert.Equal(found[1], found[0]);
        Assert.Equal(0, found[0][2]);
        Assert.Contains(found[0], double.IsNaN);
        Assert.Contains(found[0], one => one > 0);
    }

    private static OpenClEngineFactory Engines() => new(() => new OpenClProgram(s_device.Value!));

    private static Trainer ResNet8(IEngineFactory engines, Perturbation[] perturbations, Activation activation = Activation.Relu,
        ConvolutionAlgorithm convolution = ConvolutionAlgorithm.Direct)
    {
        (Dataset train, Dataset test) = Cifar10.Load(Cifar10.Sample, 20);
        var settings = new TrainingSettings(Seed: 7, Epochs: 2, BatchSize: 12, Convolution: convolution);
        Model model = new ResNetSettings(8) { Activation = activation }.Build();
        return new Trainer(engines, model, settings, perturbations, train, test.First(5));
    }

    private static void AssertSame(Trainer ours, Trainer theirs)
    {
        while (!ours.IsFinished)
        {
            ours.Step();
            theirs.Step();
        }
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        for (int i = 0; i < ours.Replicas.Count; i++)
        {
            Assert.Equal(ours.Replicas[i].State.Digest(), theirs.Replicas[i].State.Digest());
            Assert.Equal(ours.Scores[i], theirs.Scores[i]);
            Assert.Equal(ours.Evaluate(ours.Replicas[i], cancellation), theirs.Evaluate(theirs.Replicas[i], cancellation));
            Parameter[] tensors = [ours.Model.Layout.Weights, ours.Model.Layout.All[0]];
            double[] a = new double[2], b = new double[2];
            ours.Replicas[i].State.Differences(ours.Replicas[0].State, tensors, a);
            theirs.Replicas[i].State.Differences(theirs.Replicas[0].State, tensors, b);
            Assert.Equal(a, b);
            Assert.Equal(ours.Replicas[i].State.IsFinite(), theirs.Replicas[i].State.IsFinite());
        }
        ours.Dispose();
        theirs.Dispose();
    }

    private static float[] Gradients(IEngineFactory factory, Model model, float[] images, int count)
    {
        using IEngine engine = factory.CreateEngine(model, count);
        using IReplica replica = engine.CreateReplica(new Sgd(0.9, true, 5e-4));
        using var state = new NetworkState(model.Layout, 1);
        state.Initialise(3);
        replica.Write(state);
        using IBatch batch = engine.CreateBatch(count);
        batch.Write(images, new int[count]);
        engine.Forward(replica, batch, 0, count, new PassSettings(IsTraining: true));
        engine.Backward();
        float[] numbers = new float[model.Layout.ParameterCount + (count * model.Classes)];
        engine.ReadGradients(numbers);
        engine.ReadOutputs(numbers.AsSpan(model.Layout.ParameterCount));
        return numbers;
    }

    private static bool Same(float a, float b) =>
        BitConverter.SingleToUInt32Bits(a) == BitConverter.SingleToUInt32Bits(b) || (float.IsNaN(a) && float.IsNaN(b));
}
