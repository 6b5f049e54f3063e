using System.Runtime.InteropServices;
using LastBit.Data;
using LastBit.Engines;
using LastBit.Engines.Cpu;
using LastBit.Engines.OpenCl;
using LastBit.Models;
using LastBit.Tests;
using LastBit.Training;

namespace LastBit.SystemTests;

/// <summary>Devices that fail in the middle: answers of OpenCL that are put in the driver's place.</summary>
public sealed unsafe class OpenClFaultTests : IDisposable
{
    // Of ContractTests.
    private const string Relu = "eb0dcd7809a254479a2e446573a9b92f43fe5e7ff1d76fb2790d529ef13bb4ef";

    private static OpenClLibrary s_driver = null!;

    // Calls that the driver answers still, and the answer of those after them.
    private static long s_left;
    private static int s_answer;

    private readonly TemporaryFolder _folder = new();
    private readonly CpuEngineFactory _cpu = new(2);
    private readonly OpenClLibrary _failing;

    public OpenClFaultTests()
    {
        const string Loader = "libOpenCL.so.1";
        Assert.SkipWhen(OpenClLibrary.Open(Loader) is null, "There is no OpenCL here (pocl-opencl-icd).");
        (s_driver, _failing, s_left) = (OpenClLibrary.Open(Loader)!, OpenClLibrary.Open(Loader)!, long.MaxValue);
    }

    public void Dispose()
    {
        _cpu.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(-2, "the device is not available (CL_DEVICE_NOT_AVAILABLE); the run goes on from its last checkpoint")]
    [InlineData(-5, "(CL_OUT_OF_RESOURCES); give a smaller batch or another device where it does so at once; else resume the run")]
    [InlineData(-9999, "OpenCL's error -9999; the run goes on from its last checkpoint")]
    public void A_device_that_is_lost_in_a_step_is_one_line_and_the_run_goes_on(int answer, string line)
    {
        _failing.EnqueueKernel = &Launch;
        string path = _folder["checkpoint.bin"];
        using (var engines = new OpenClEngineFactory(Program))
        using (Trainer lost = ResNet8(engines))
        {
            lost.Step();
            Checkpoint.Save(path, lost, "data", "");
            (s_left, s_answer) = (40, answer);
            string message = Assert.Throws<OpenClException>(lost.Step).Message;
            Assert.Contains(line, message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', message);
        }
        s_left = long.MaxValue;
        using var again = new OpenClEngineFactory(Program);
        foreach (IEngineFactory engine in (IEngineFactory[])[_cpu, again])
        {
            using Trainer trainer = ResNet8(engine);
            Checkpoint.Load(path, trainer, "data");
            while (!trainer.IsFinished)
                trainer.Step();
            Assert.Equal(Relu, trainer.Replicas[0].State.Digest());
        }
    }

    [Fact]
    public void Results_that_do_not_come_back_are_one_line()
    {
        _failing.EnqueueReadBuffer = &Read;
        using var engines = new OpenClEngineFactory(Program, 0);
        using Trainer trainer = ResNet8(engines);
        trainer.Step();
        (s_left, s_answer) = (0, -36);
        string message = Assert.Throws<OpenClException>(() => _ = trainer.Scores).Message;
        Assert.Contains("a transfer: OpenCL's error -36; the run goes on from its last checkpoint", message, StringComparison.Ordinal);
        s_left = long.MaxValue;
    }

    /// <summary>Memory that suffices for one replica but not for two, and memory that suffices for none.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Memory_that_is_full_is_one_line(bool sufficesForOne)
    {
        _failing.CreateBuffer = &Allocate;
        using var engines = new OpenClEngineFactory(Program, 0);
        long buffers = 10;
        if (sufficesForOne)
        {
            using Trainer whole = ResNet8(engines);
            whole.Step();
            buffers = long.MaxValue - s_left - 1;
        }
        (s_left, s_answer) = (buffers, -4);
        string message = Assert.Throws<OpenClException>(() =>
        {
            using Trainer trainer = ResNet8(engines);
            trainer.Step();
        }).Message;
        Assert.Matches(@"MB of memory: the device's memory is full \(CL_MEM_OBJECT_ALLOCATION_FAILURE\); give a smaller batch or another "
            + "device$", message);
        s_left = long.MaxValue;
        using Trainer fits = ResNet8(engines);
        fits.Step();
    }

    [Fact]
    public void A_compiler_that_fails_is_one_line()
    {
        _failing.BuildProgram = &Build;
        (s_left, s_answer) = (0, -11);
        string message = Assert.Throws<OpenClException>(() => Program().Dispose()).Message;
        Assert.Contains("its compiler refused the kernels (CL_BUILD_PROGRAM_FAILURE)", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    /// <summary>A device that says it has computed and has not: found by the next step that is checked.</summary>
    [Theory]
    [InlineData(null, 2)]
    [InlineData(3, 3)]
    public void A_device_that_begins_to_lie_in_a_later_epoch_is_caught(int? checkEvery, int right)
    {
        _failing.EnqueueKernel = &Launch;
        using var engines = new OpenClEngineFactory(Program, 1, checkEvery);
        using Trainer lying = ResNet8(engines), here = ResNet8(_cpu);
        for (int step = 0; step < right; step++)
        {
            lying.Step();
            here.Step();
        }
        (s_left, s_answer) = (0, 0);
        string message = Assert.Throws<WitnessException>(lying.Step).Message;
        Assert.Contains($"the device computed step {right + 1} otherwise than the CPU", message, StringComparison.Ordinal);
        Assert.Equal(right, lying.StepsDone);
        Checkpoint.Save(_folder["checkpoint.bin"], lying, "data", "");
        s_left = long.MaxValue;
        Checkpoint.Load(_folder["checkpoint.bin"], here, "data");
        while (!here.IsFinished)
            here.Step();
        Assert.Equal(Relu, here.Replicas[0].State.Digest());
    }

    private OpenClProgram Program() => new(OpenClDevice.Of(_failing)[0]);

    private static Trainer ResNet8(IEngineFactory engines)
    {
        (Dataset train, Dataset test) = Cifar10.Load(Cifar10.Sample, 20);
        return new Trainer(engines, new ResNetSettings(8).Build(), new TrainingSettings(Seed: 7, Epochs: 2, BatchSize: 12), [1, 3], train,
            test.First(5));
    }

    private static bool IsRight() => s_left > 0 && --s_left >= 0;

    [UnmanagedCallersOnly]
    private static int Launch(nint queue, nint kernel, uint sizes, nuint* offset, nuint* global, nuint* local, uint waits, nint* events,
        nint* done) =>
        IsRight() ? s_driver.EnqueueKernel(queue, kernel, sizes, offset, global, local, waits, events, done) : s_answer;

    [UnmanagedCallersOnly]
    private static int Read(nint queue, nint buffer, uint waits, nuint first, nuint bytes, void* to, uint count, nint* events,
        nint* done) =>
        IsRight() ? s_driver.EnqueueReadBuffer(queue, buffer, waits, first, bytes, to, count, events, done) : s_answer;

    [UnmanagedCallersOnly]
    private static int Build(nint program, uint count, nint* devices, byte* options, nint notify, nint data) => s_answer;

    [UnmanagedCallersOnly]
    private static nint Allocate(nint context, ulong flags, nuint bytes, void* host, int* status)
    {
        if (IsRight())
            return s_driver.CreateBuffer(context, flags, bytes, host, status);
        *status = s_answer;
        return 0;
    }
}
