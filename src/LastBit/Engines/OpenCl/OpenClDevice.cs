using System.Text;

namespace LastBit.Engines.OpenCl;

/// <summary>A device as its driver describes it.</summary>
internal sealed unsafe class OpenClDevice
{
    // CL_DEVICE_TYPE_ALL, and the queries of clGetDeviceInfo and clGetPlatformInfo.
    private const ulong AllTypes = 0xFFFFFFFF;
    private const uint TypeInfo = 0x1000, GroupSizeInfo = 0x1004, LargestInfo = 0x1010, SingleInfo = 0x101B, MemoryInfo = 0x101F;
    private const uint NameInfo = 0x102B, DriverInfo = 0x102D, VersionInfo = 0x102F, ExtensionsInfo = 0x1030, PlatformNameInfo = 0x0902;

    private OpenClDevice(OpenClLibrary library, nint platform, nint id, int number)
    {
        (Library, Platform, Id, Number) = (library, platform, id, number);
        Name = Text(NameInfo);
        Driver = Text(DriverInfo);
        Version = Text(VersionInfo);
        PlatformName = TextOf(library.GetPlatformInfo, platform, PlatformNameInfo);
        Memory = (long)Number64(MemoryInfo);
        LargestBuffer = (long)Number64(LargestInfo);
        MostItems = (int)Number64(GroupSizeInfo);
        // CL_FP_DENORM.
        KeepsSubnormals = (Number64(SingleInfo) & 1) != 0;
        HasDoubles = $" {Text(ExtensionsInfo)} ".Contains(" cl_khr_fp64 ", StringComparison.Ordinal);
        IsProcessor = (Number64(TypeInfo) & 2) != 0;
    }

    /// <summary>Whose functions it is called by.</summary>
    public OpenClLibrary Library { get; }

    /// <summary>Its platform.</summary>
    public nint Platform { get; }

    /// <summary>Its handle.</summary>
    public nint Id { get; }

    /// <summary>Its number in the list, as --device has it.</summary>
    public int Number { get; }

    /// <summary>What the vendor calls it.</summary>
    public string Name { get; }

    /// <summary>The driver's version.</summary>
    public string Driver { get; }

    /// <summary>The version of OpenCL.</summary>
    public string Version { get; }

    /// <summary>The platform's name.</summary>
    public string PlatformName { get; }

    /// <summary>Memory in bytes.</summary>
    public long Memory { get; }

    /// <summary>The largest buffer in bytes.</summary>
    public long LargestBuffer { get; }

    /// <summary>Work items of the largest group.</summary>
    public int MostItems { get; }

    /// <summary>Whether the driver says that it keeps subnormal numbers of binary32.</summary>
    public bool KeepsSubnormals { get; }

    /// <summary>Whether it computes in binary64.</summary>
    public bool HasDoubles { get; }

    /// <summary>Whether it is the processor itself.</summary>
    public bool IsProcessor { get; }

    /// <summary>Why it cannot compute by the contract, whatever its kernels would do; null where nothing speaks against it.</summary>
    public string? Problem => !KeepsSubnormals ? "its driver keeps no subnormal numbers of binary32, which the arithmetic contract needs"
        : MostItems >= OpenClProgram.GroupSize ? null
        : $"its work groups have at most {MostItems} items; the kernels need {OpenClProgram.GroupSize}";

    /// <summary>All devices: GPUs and accelerators first, then processors, in the order of their platforms.</summary>
    public static IReadOnlyList<OpenClDevice> All()
    {
        var found = new List<(OpenClLibrary Library, nint Platform, nint Id)>();
        foreach (OpenClLibrary library in OpenClLibrary.OpenAll())
        {
            foreach (nint platform in library.Platforms)
                found.AddRange(IdsOf(library, platform).Select(id => (library, platform, id)));
        }
        OpenClDevice[] devices = [.. found.Select(one => new OpenClDevice(one.Library, one.Platform, one.Id, 0))];
        return [.. devices.OrderBy(one => one.IsProcessor).Select((one, i) => new OpenClDevice(one.Library, one.Platform, one.Id, i))];
    }

    /// <summary>The devices of one library.</summary>
    public static IReadOnlyList<OpenClDevice> Of(OpenClLibrary library) =>
    [
        .. library.Platforms.SelectMany(platform =>
            IdsOf(library, platform).Select((id, i) => new OpenClDevice(library, platform, id, i))),
    ];

    /// <summary>One of <see cref="All"/> by its number.</summary>
    /// <exception cref="InputException">There is none of that number; the message says which there are, or what to install.</exception>
    public static OpenClDevice Get(int number)
    {
        IReadOnlyList<OpenClDevice> all = All();
        if (number >= 0 && number < all.Count)
            return all[number];
        throw all.Count == 0
            ? new InputException($"OpenCL: no device was found; {OpenClLibrary.HowToInstall}")
            : InputException.Of("device", $"there is no device {number}; give "
                + string.Join(" or ", all.Select(one => $"{one.Number} ({one.Name})")));
    }

    private static nint[] IdsOf(OpenClLibrary library, nint platform)
    {
        uint count = 0;
        if (library.GetDeviceIds(platform, AllTypes, 0, null, &count) != 0)
            return [];
        nint[] ids = new nint[count];
        fixed (nint* to = ids)
            return library.GetDeviceIds(platform, AllTypes, count, to, null) == 0 ? ids : [];
    }

    private static string TextOf(delegate* unmanaged<nint, uint, nuint, void*, nuint*, int> get, nint of, uint what)
    {
        nuint size = 0;
        if (get(of, what, 0, null, &size) != 0)
            return "";
        byte[] bytes = new byte[size];
        fixed (byte* to = bytes)
            _ = get(of, what, size, to, null);
        return ForeignText.Printable(Encoding.UTF8.GetString(bytes).TrimEnd('\0').Trim());
    }

    private string Text(uint what) => TextOf(Library.GetDeviceInfo, Id, what);

    private ulong Number64(uint what)
    {
        // Numbers are of 4 or 8 bytes; what is not written stays zero.
        ulong number = 0;
        return Library.GetDeviceInfo(Id, what, sizeof(ulong), &number, null) == 0 ? number : 0;
    }
}
