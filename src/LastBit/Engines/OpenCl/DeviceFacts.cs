namespace LastBit.Engines.OpenCl;

/// <summary>What is said of a device of OpenCL.</summary>
/// <param name="Number">Its number among the devices, from 0.</param>
/// <param name="Name">What its vendor calls it.</param>
/// <param name="Platform">Whose OpenCL it is.</param>
/// <param name="Driver">The driver's version.</param>
/// <param name="Memory">Memory in bytes.</param>
/// <param name="KeepsSubnormals">Whether the driver says that it keeps subnormal numbers of binary32.</param>
/// <param name="HasDoubles">Whether it computes in binary64, which stochastic rounding needs.</param>
/// <param name="Passes">Whether it computes the bits of the CPU; null where that has not been tested.</param>
/// <param name="Problem">Why it does not; null where it does, or where it has not been tested.</param>
public sealed record DeviceFacts(int Number, string Name, string Platform, string Driver, long Memory, bool KeepsSubnormals,
    bool HasDoubles, bool? Passes, string? Problem)
{
    /// <summary>All devices: GPUs first.</summary>
    /// <param name="cache">The folder in which it is remembered which have passed; null where nothing is.</param>
    /// <param name="tests">Whether those that have not passed are tested now, which takes seconds each.</param>
    public static IReadOnlyList<DeviceFacts> All(string? cache, bool tests) => [.. OpenClDevice.All().Select(one => Of(one, cache, tests))];

    /// <summary>The verdict in words.</summary>
    public string Verdict => Passes switch
    {
        true => "computes the bits of the CPU",
        false => $"refused: {Problem}",
        null => "not tested yet; a training does it first",
    };

    private static DeviceFacts Of(OpenClDevice device, string? cache, bool tests)
    {
        string? problem = device.Problem;
        bool? passes = problem is not null ? false : DeviceTest.HasPassed(device, cache) ? true : null;
        if (passes is null && tests)
        {
            try
            {
                DeviceTest.Open(device, cache).Dispose();
                passes = true;
            }
            catch (Exception error) when (error is InputException or OpenClException)
            {
                (passes, problem) = (false, error.Message);
            }
        }
        return new DeviceFacts(device.Number, device.Name, device.PlatformName, device.Driver, device.Memory, device.KeepsSubnormals,
            device.HasDoubles, passes, problem);
    }
}
