namespace LastBit.Tests;

/// <summary>Where data that was computed elsewhere lies.</summary>
internal static class Reference
{
    public static string File(params string[] parts) => Path.Combine([AppContext.BaseDirectory, "Reference", .. parts]);
}
