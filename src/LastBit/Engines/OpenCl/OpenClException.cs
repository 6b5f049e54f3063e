namespace LastBit.Engines.OpenCl;

/// <summary>A call of OpenCL failed: the message is one line that names the device and says what happened.</summary>
public sealed class OpenClException : Exception
{
    /// <summary>An exception with its line.</summary>
    /// <param name="message">The line.</param>
    public OpenClException(string message)
        : base(ForeignText.Printable(message))
    {
    }

    /// <summary>What a status of OpenCL means, as far as a user may meet it.</summary>
    /// <param name="status">A negative number.</param>
    internal static string Meaning(int status) => status switch
    {
        -4 => "the device's memory is full (CL_MEM_OBJECT_ALLOCATION_FAILURE)",
        -5 => "the device's resources are exhausted, or it failed (CL_OUT_OF_RESOURCES)",
        -6 => "the host's memory is full (CL_OUT_OF_HOST_MEMORY)",
        -2 => "the device is not available (CL_DEVICE_NOT_AVAILABLE)",
        -11 => "its compiler refused the kernels (CL_BUILD_PROGRAM_FAILURE)",
        -61 => "a buffer is larger than the device allows (CL_INVALID_BUFFER_SIZE)",
        _ => $"OpenCL's error {status}",
    };

    /// <summary>What may help: less memory, or the run's last checkpoint. Drivers say of a failed device that its resources are exhausted.
    /// </summary>
    internal static string Remedy(int status) => status switch
    {
        -4 or -6 or -61 => "give a smaller batch or another device",
        -5 => "give a smaller batch or another device where it does so at once; else resume the run, from its last checkpoint",
        _ => "the run goes on from its last checkpoint",
    };
}
