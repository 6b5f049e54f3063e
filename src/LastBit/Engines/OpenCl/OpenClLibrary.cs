using System.Runtime.InteropServices;

namespace LastBit.Engines.OpenCl;

/// <summary>
/// The functions of OpenCL that the engine calls, all of version 1.0, from the loader or straight from a vendor's library. Containers mount
/// NVIDIA's libnvidia-opencl.so.1 without the file that tells the loader of it, so that the loader finds no platform: the library is then
/// opened by itself. It exports how to get platforms only; every object of it begins with a pointer to a table of its functions, in the
/// order of cl_icd.h, by which the loader calls them too.
/// </summary>
internal sealed unsafe class OpenClLibrary
{
    /// <summary>What to do where nothing is found, a part of a sentence.</summary>
    public const string HowToInstall =
        "install the driver of your GPU and the loader of OpenCL: ocl-icd-libopencl1 on Debian and Ubuntu, ocl-icd on Fedora, "
        + "Arch and with conda, the GPU's driver alone on Windows";

    // The loader first; then what it may not know.
    private static readonly string[] s_loaders = OperatingSystem.IsWindows() ? ["OpenCL.dll"] : ["libOpenCL.so.1", "libOpenCL.so"];
    private static readonly string[] s_vendors = OperatingSystem.IsWindows() ? [] : ["libnvidia-opencl.so.1"];

    private readonly nint _library;
    private readonly nint* _table;

    private OpenClLibrary(string name, nint library, nint table, nint[] platforms)
    {
        (Name, _library, Platforms) = (name, library, platforms);
        _table = (nint*)table;
        GetPlatformInfo = (delegate* unmanaged<nint, uint, nuint, void*, nuint*, int>)Find("clGetPlatformInfo", 1);
        GetDeviceIds = (delegate* unmanaged<nint, ulong, uint, nint*, uint*, int>)Find("clGetDeviceIDs", 2);
        GetDeviceInfo = (delegate* unmanaged<nint, uint, nuint, void*, nuint*, int>)Find("clGetDeviceInfo", 3);
        CreateContext = (delegate* unmanaged<nint*, uint, nint*, nint, nint, int*, nint>)Find("clCreateContext", 4);
        ReleaseContext = (delegate* unmanaged<nint, int>)Find("clReleaseContext", 7);
        CreateCommandQueue = (delegate* unmanaged<nint, nint, ulong, int*, nint>)Find("clCreateCommandQueue", 9);
        ReleaseCommandQueue = (delegate* unmanaged<nint, int>)Find("clReleaseCommandQueue", 11);
        CreateBuffer = (delegate* unmanaged<nint, ulong, nuint, void*, int*, nint>)Find("clCreateBuffer", 14);
        ReleaseMemObject = (delegate* unmanaged<nint, int>)Find("clReleaseMemObject", 18);
        CreateProgramWithSource = (delegate* unmanaged<nint, uint, byte**, nuint*, int*, nint>)Find("clCreateProgramWithSource", 26);
        ReleaseProgram = (delegate* unmanaged<nint, int>)Find("clReleaseProgram", 29);
        BuildProgram = (delegate* unmanaged<nint, uint, nint*, byte*, nint, nint, int>)Find("clBuildProgram", 30);
        GetProgramBuildInfo = (delegate* unmanaged<nint, nint, uint, nuint, void*, nuint*, int>)Find("clGetProgramBuildInfo", 33);
        CreateKernel = (delegate* unmanaged<nint, byte*, int*, nint>)Find("clCreateKernel", 34);
        ReleaseKernel = (delegate* unmanaged<nint, int>)Find("clReleaseKernel", 37);
        SetKernelArg = (delegate* unmanaged<nint, uint, nuint, void*, int>)Find("clSetKernelArg", 38);
        WaitForEvents = (delegate* unmanaged<uint, nint*, int>)Find("clWaitForEvents", 41);
        ReleaseEvent = (delegate* unmanaged<nint, int>)Find("clReleaseEvent", 44);
        Flush = (delegate* unmanaged<nint, int>)Find("clFlush", 46);
        Finish = (delegate* unmanaged<nint, int>)Find("clFinish", 47);
        EnqueueReadBuffer =
            (delegate* unmanaged<nint, nint, uint, nuint, nuint, void*, uint, nint*, nint*, int>)Find("clEnqueueReadBuffer", 48);
        EnqueueWriteBuffer =
            (delegate* unmanaged<nint, nint, uint, nuint, nuint, void*, uint, nint*, nint*, int>)Find("clEnqueueWriteBuffer", 49);
        EnqueueCopyBuffer =
            (delegate* unmanaged<nint, nint, nint, nuint, nuint, nuint, uint, nint*, nint*, int>)Find("clEnqueueCopyBuffer", 50);
        EnqueueKernel =
            (delegate* unmanaged<nint, nint, uint, nuint*, nuint*, nuint*, uint, nint*, nint*, int>)Find("clEnqueueNDRangeKernel", 59);
    }

    /// <summary>The library's name.</summary>
    public string Name { get; }

    /// <summary>Its platforms, at least one.</summary>
    public nint[] Platforms { get; }

    // Those with a setter are what a test puts a failing device into.

    public delegate* unmanaged<nint, uint, nuint, void*, nuint*, int> GetPlatformInfo { get; }

    public delegate* unmanaged<nint, ulong, uint, nint*, uint*, int> GetDeviceIds { get; }

    public delegate* unmanaged<nint, uint, nuint, void*, nuint*, int> GetDeviceInfo { get; }

    public delegate* unmanaged<nint*, uint, nint*, nint, nint, int*, nint> CreateContext { get; }

    public delegate* unmanaged<nint, int> ReleaseContext { get; }

    public delegate* unmanaged<nint, nint, ulong, int*, nint> CreateCommandQueue { get; }

    public delegate* unmanaged<nint, int> ReleaseCommandQueue { get; }

    public delegate* unmanaged<nint, ulong, nuint, void*, int*, nint> CreateBuffer { get; set; }

    public delegate* unmanaged<nint, int> ReleaseMemObject { get; }

    public delegate* unmanaged<nint, uint, byte**, nuint*, int*, nint> CreateProgramWithSource { get; }

    public delegate* unmanaged<nint, int> ReleaseProgram { get; }

    public delegate* unmanaged<nint, uint, nint*, byte*, nint, nint, int> BuildProgram { get; set; }

    public delegate* unmanaged<nint, nint, uint, nuint, void*, nuint*, int> GetProgramBuildInfo { get; }

    public delegate* unmanaged<nint, byte*, int*, nint> CreateKernel { get; }

    public delegate* unmanaged<nint, int> ReleaseKernel { get; }

    public delegate* unmanaged<nint, uint, nuint, void*, int> SetKernelArg { get; }

    public delegate* unmanaged<uint, nint*, int> WaitForEvents { get; }

    public delegate* unmanaged<nint, int> ReleaseEvent { get; }

    public delegate* unmanaged<nint, int> Flush { get; }

    public delegate* unmanaged<nint, int> Finish { get; }

    public delegate* unmanaged<nint, nint, uint, nuint, nuint, void*, uint, nint*, nint*, int> EnqueueReadBuffer { get; set; }

    public delegate* unmanaged<nint, nint, uint, nuint, nuint, void*, uint, nint*, nint*, int> EnqueueWriteBuffer { get; }

    public delegate* unmanaged<nint, nint, nint, nuint, nuint, nuint, uint, nint*, nint*, int> EnqueueCopyBuffer { get; }

    public delegate* unmanaged<nint, nint, uint, nuint*, nuint*, nuint*, uint, nint*, nint*, int> EnqueueKernel { get; set; }

    /// <summary>Every library that has a platform; empty where there is none.</summary>
    public static IReadOnlyList<OpenClLibrary> OpenAll()
    {
        OpenClLibrary[] loaded = [.. s_loaders.Select(Open).OfType<OpenClLibrary>().Take(1)];
        return loaded.Length > 0 ? loaded : [.. s_vendors.Select(OpenVendor).OfType<OpenClLibrary>()];
    }

    /// <summary>Opens a loader; null where there is none, or where it knows no platform.</summary>
    public static OpenClLibrary? Open(string name)
    {
        if (!NativeLibrary.TryLoad(name, out nint library) || !NativeLibrary.TryGetExport(library, "clGetPlatformIDs", out nint platforms))
            return null;
        nint[] found = PlatformsOf((delegate* unmanaged<uint, nint*, uint*, int>)platforms);
        return found.Length == 0 ? null : new OpenClLibrary(name, library, 0, found);
    }

    /// <summary>Opens a vendor's library by itself, without a loader; null where it is not there or has no platform.</summary>
    public static OpenClLibrary? OpenVendor(string name)
    {
        if (!NativeLibrary.TryLoad(name, out nint library)
            || !NativeLibrary.TryGetExport(library, "clGetExtensionFunctionAddress", out nint address))
            return null;
        nint platforms;
        fixed (byte* function = "clIcdGetPlatformIDsKHR\0"u8)
            platforms = ((delegate* unmanaged<byte*, nint>)address)(function);
        if (platforms == 0)
            return null;
        nint[] found = PlatformsOf((delegate* unmanaged<uint, nint*, uint*, int>)platforms);
        return found.Length == 0 ? null : new OpenClLibrary(name, library, *(nint*)found[0], found);
    }

    private static nint[] PlatformsOf(delegate* unmanaged<uint, nint*, uint*, int> get)
    {
        uint count = 0;
        if (get(0, null, &count) != 0 || count == 0)
            return [];
        nint[] platforms = new nint[count];
        fixed (nint* to = platforms)
            return get(count, to, null) == 0 ? platforms : [];
    }

    private nint Find(string name, int place) => _table != null ? _table[place] : NativeLibrary.GetExport(_library, name);
}
