using LastBit.Tests.Cli;

namespace LastBit.Tests.Experiments;

/// <summary>
/// 40 training and 16 test images of 16 x 16 pixels, made once for all tests that are about an experiment and not about its data.
/// </summary>
internal static class SmallImages
{
    private static readonly TemporaryFolder s_folder = new();

    static SmallImages()
    {
        ToyRuns.WriteImages(s_folder["images"]);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => s_folder.Dispose();
    }

    /// <summary>What --data calls them.</summary>
    public static string Data => "images=" + s_folder["images"];
}
