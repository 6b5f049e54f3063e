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
        -5 => "the device's resources are exhausted (CL_OUT_OF_RESOURCES)",
        -6 => "the host's memory is full (CL_OUT_OF_HOST_MEMORY)",
        -2 => "the device is not available (CL_DEVICE_NOT_AVAILABLE)",
        -11 => "its compiler refused the kernels (CL_BUILD_PROGRAM_FAILURE)",
        -61 => "a buffer is larger than the device allows (CL_INVALID_BUFFER_SIZE)",
        _ => $"OpenCL's error {status}",
    };

    /// <summary>Whether less memory would help.</summary>
    internal static bool IsMemory(int status) => status is -4 or -5 or -6 or -61;
}
