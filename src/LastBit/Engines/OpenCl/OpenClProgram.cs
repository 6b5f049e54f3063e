using System.Security.Cryptography;
using System.Text;

namespace LastBit.Engines.OpenCl;

/// <summary>
/// A device at work: its queue, which takes commands in order, and the kernels, built for it. All that the engine asks of a device is
/// here: memory, copies, and a launch of a kernel by name with its arguments; another way to the same kernels (compiled to PTX, for the
/// driver of NVIDIA) would have these members and no others.
/// </summary>
internal sealed unsafe class OpenClProgram : IDisposable
{
    /// <summary>Work items of a group, where a kernel does not need another number.</summary>
    public const int GroupSize = 256;

    // Nothing is contracted that the source does not spell; nothing is asked for that would relax division, square roots or subnormals.
    private const string Options = "-cl-std=CL1.2";

    private readonly Dictionary<string, nint> _kernels = [];
    private readonly OpenClLibrary _cl;
    private readonly nint _context;
    private readonly nint _queue;
    private readonly nint _program;

    /// <summary>Builds the kernels.</summary>
    /// <param name="device">Where.</param>
    /// <param name="source">What; <see cref="Source"/> unless a test wants a device that lies.</param>
    /// <param name="options">Further options of the compiler.</param>
    /// <exception cref="OpenClException">The device or its compiler refuses.</exception>
    public OpenClProgram(OpenClDevice device, string? source = null, string options = "")
    {
        (Device, _cl) = (device, device.Library);
        nint id = device.Id;
        int status;
        nint* properties = stackalloc nint[3] { 0x1084, device.Platform, 0 };
        _context = _cl.CreateContext(properties, 1, &id, 0, 0, &status);
        Check(status, "its context");
        try
        {
            _queue = _cl.CreateCommandQueue(_context, id, 0, &status);
            Check(status, "its queue");
            _program = Build(source ?? Source, $"{Options} {options}".Trim());
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Where it computes.</summary>
    public OpenClDevice Device { get; }

    /// <summary>Launches and copies so far; for the model in the benchmarks.</summary>
    public long Launches { get; private set; }

    /// <summary>All kernels: the files of Engines/OpenCl/Kernels, one after the other.</summary>
    public static string Source { get; } = string.Concat(
        new[] { "arithmetic", "pointwise", "convolution", "winograd", "matrix", "layers", "update", "test" }.Select(Read));

    /// <summary>
    /// What the verdict on a device depends on: its name, the driver, the kernels, how they are built, and the build of this assembly,
    /// whose test and CPU it was compared by.
    /// </summary>
    public static string IdentityOf(OpenClDevice device) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
        $"{device.Name}\n{device.Version}\n{device.Driver}\n{Options}\n{typeof(OpenClProgram).Module.ModuleVersionId}\n{Source}")));

    /// <summary>Memory of the device, all zeros.</summary>
    /// <param name="numbers">How many numbers of 4 bytes.</param>
    /// <exception cref="OpenClException">There is not enough.</exception>
    public OpenClBuffer Allocate(long numbers)
    {
        // Kernels count numbers in 32 bits.
        if (numbers > int.MaxValue)
            throw new OpenClException($"OpenCL: {Device.Name}: a tensor would have {numbers} numbers; at most {int.MaxValue} are right: "
                + "give a smaller batch");
        long bytes = Math.Max(64, numbers * sizeof(float));
        int status;
        nint handle = _cl.CreateBuffer(_context, 1, (nuint)bytes, null, &status);
        if (status != 0)
            throw Failure(status, $"{bytes / 1e6:0} MB of memory");
        var buffer = new OpenClBuffer(_cl, handle, bytes / sizeof(float));
        Run("fill_zero", [buffer.Count], buffer, (int)buffer.Count);
        return buffer;
    }

    /// <summary>Queues a kernel: one work item for each number of the global sizes, in groups of 256, or of the local sizes.</summary>
    /// <param name="kernel">Its name.</param>
    /// <param name="sizes">One to three sizes; the first is rounded up to whole groups.</param>
    /// <param name="arguments">Its arguments.</param>
    public void Run(string kernel, ReadOnlySpan<long> sizes, params ReadOnlySpan<Argument> arguments) =>
        Run(kernel, sizes, [GroupSize, 1, 1], arguments);

    /// <inheritdoc cref="Run(string, ReadOnlySpan{long}, ReadOnlySpan{Argument})"/>
    /// <param name="kernel">Its name.</param>
    /// <param name="sizes">One to three sizes; each is rounded up to whole groups.</param>
    /// <param name="local">The sizes of a group.</param>
    /// <param name="arguments">Its arguments.</param>
    public void Run(string kernel, ReadOnlySpan<long> sizes, ReadOnlySpan<int> local, params ReadOnlySpan<Argument> arguments)
    {
        nint handle = Find(kernel);
        for (int i = 0; i < arguments.Length; i++)
        {
            Argument argument = arguments[i];
            Check(_cl.SetKernelArg(handle, (uint)i, (nuint)argument.Size, &argument.Bits), $"argument {i} of {kernel}");
        }
        nuint* global = stackalloc nuint[3], group = stackalloc nuint[3];
        for (int i = 0; i < sizes.Length; i++)
        {
            group[i] = (nuint)local[i];
            global[i] = (nuint)((sizes[i] + local[i] - 1) / local[i] * local[i]);
        }
        Launches++;
        Check(_cl.EnqueueKernel(_queue, handle, (uint)sizes.Length, null, global, group, 0, null, null), kernel);
    }

    /// <summary>Queues a copy from one buffer to another.</summary>
    public void Copy(OpenClBuffer from, OpenClBuffer to, long count, long first = 0, long at = 0)
    {
        if (count == 0)
            return;
        Launches++;
        nuint source = (nuint)(first * sizeof(float)), target = (nuint)(at * sizeof(float)), bytes = (nuint)(count * sizeof(float));
        Check(_cl.EnqueueCopyBuffer(_queue, from.Handle, to.Handle, source, target, bytes, 0, null, null), "a copy");
    }

    /// <summary>Copies into memory of the device; returns when the numbers are there.</summary>
    public void Write<T>(ReadOnlySpan<T> from, OpenClBuffer to)
        where T : unmanaged
    {
        fixed (T* source = from)
            Check(_cl.EnqueueWriteBuffer(_queue, to.Handle, 1, 0, (nuint)(from.Length * sizeof(T)), source, 0, null, null), "a transfer");
    }

    /// <summary>Queues a copy into memory of the device and returns at once; the event says when the source is free again.</summary>
    public nint WriteLater(void* from, long bytes, OpenClBuffer to)
    {
        nint done;
        Check(_cl.EnqueueWriteBuffer(_queue, to.Handle, 0, 0, (nuint)bytes, from, 0, null, &done), "a transfer");
        return done;
    }

    /// <summary>Waits for an event and lets go of it.</summary>
    public void Wait(nint done)
    {
        Check(_cl.WaitForEvents(1, &done), "a wait");
        _ = _cl.ReleaseEvent(done);
    }

    /// <summary>The same where a device that is lost has been reported already.</summary>
    public void LetGo(nint done)
    {
        _ = _cl.WaitForEvents(1, &done);
        _ = _cl.ReleaseEvent(done);
    }

    /// <summary>Waits for all that was queued and copies from memory of the device.</summary>
    public void Read<T>(OpenClBuffer from, Span<T> to, long first = 0)
        where T : unmanaged
    {
        fixed (T* target = to)
        {
            nuint at = (nuint)(first * sizeof(float)), bytes = (nuint)(to.Length * sizeof(T));
            Check(_cl.EnqueueReadBuffer(_queue, from.Handle, 1, at, bytes, target, 0, null, null), "a transfer");
        }
    }

    /// <summary>Lets the device begin with what was queued.</summary>
    public void Flush() => Check(_cl.Flush(_queue), "its queue");

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_queue != 0)
            _ = _cl.Finish(_queue);
        foreach (nint kernel in _kernels.Values)
            _ = _cl.ReleaseKernel(kernel);
        if (_program != 0)
            _ = _cl.ReleaseProgram(_program);
        if (_queue != 0)
            _ = _cl.ReleaseCommandQueue(_queue);
        _ = _cl.ReleaseContext(_context);
    }

    private static string Read(string name)
    {
        using Stream stream = typeof(OpenClProgram).Assembly.GetManifestResourceStream($"LastBit.Engines.OpenCl.Kernels.{name}.cl")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private nint Build(string source, string options)
    {
        byte[] text = Encoding.UTF8.GetBytes(source), words = Encoding.UTF8.GetBytes(options + "\0");
        nint id = Device.Id, program;
        int status;
        fixed (byte* first = text, option = words)
        {
            byte* lines = first;
            nuint length = (nuint)text.Length;
            program = _cl.CreateProgramWithSource(_context, 1, &lines, &length, &status);
            Check(status, "its program");
            status = _cl.BuildProgram(program, 1, &id, option, 0, 0);
        }
        if (status == 0)
            return program;
        nuint size = 0;
        _ = _cl.GetProgramBuildInfo(program, id, 0x1183, 0, null, &size);
        byte[] log = new byte[size];
        fixed (byte* to = log)
            _ = _cl.GetProgramBuildInfo(program, id, 0x1183, size, to, null);
        _ = _cl.ReleaseProgram(program);
        string said = Encoding.UTF8.GetString(log).TrimEnd('\0').Trim().ReplaceLineEndings(" ");
        throw new OpenClException($"OpenCL: {Device.Name}: {OpenClException.Meaning(status)}: {ForeignText.Cut(said, 500)}");
    }

    private nint Find(string kernel)
    {
        if (_kernels.TryGetValue(kernel, out nint handle))
            return handle;
        int status;
        fixed (byte* name = Encoding.UTF8.GetBytes(kernel + "\0"))
            handle = _cl.CreateKernel(_program, name, &status);
        Check(status, kernel);
        return _kernels[kernel] = handle;
    }

    private void Check(int status, string what)
    {
        if (status != 0)
            throw Failure(status, what);
    }

    private OpenClException Failure(int status, string what) => new(
        $"OpenCL: {Device.Name}: {what}: {OpenClException.Meaning(status)}; "
        + OpenClException.Remedy(status));
}

/// <summary>Memory of a device.</summary>
internal sealed unsafe class OpenClBuffer(OpenClLibrary cl, nint handle, long count) : IDisposable
{
    private nint _handle = handle;

    /// <summary>Its handle.</summary>
    public nint Handle => _handle;

    /// <summary>Numbers of 4 bytes.</summary>
    public long Count { get; } = count;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_handle != 0)
            _ = cl.ReleaseMemObject(_handle);
        _handle = 0;
    }
}

/// <summary>An argument of a kernel: memory, or a number of 4 bytes.</summary>
internal readonly struct Argument
{
    private Argument(long bits, int size) => (Bits, Size) = (bits, size);

    /// <summary>Its bits, little-endian.</summary>
    public readonly long Bits;

    /// <summary>Its bytes.</summary>
    public readonly int Size;

    public static implicit operator Argument(OpenClBuffer buffer) => new(buffer.Handle, IntPtr.Size);

    public static implicit operator Argument(int number) => new((uint)number, sizeof(int));

    public static implicit operator Argument(float number) => new(BitConverter.SingleToUInt32Bits(number), sizeof(float));
}
