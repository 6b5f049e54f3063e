namespace LastBit.Engines.OpenCl;

/// <summary>No driver is believed: a device computes every operation beside the CPU before it trains.</summary>
internal static class DeviceTest
{
    /// <summary>Opens a device.</summary>
    public static OpenClProgram Open(OpenClDevice device) =>
        device.Problem is { } problem ? throw new InputException($"OpenCL: {device.Name}: {problem}") : new OpenClProgram(device);
}
