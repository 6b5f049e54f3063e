using System.Globalization;
using LastBit.Files;
using LastBit.Runs;

namespace LastBit.Experiments.Authors;

/// <summary>Weights along a run in the layout of the authors' scripts: FOLDER/1_conv_weight.mat, FOLDER/2_conv_weight.mat, ...</summary>
internal static class AuthorsWeights
{
    /// <summary>Writes a file for each time.</summary>
    /// <param name="folder">The run's folder; it is made when there is something to write.</param>
    /// <param name="values">The weights of all times, one after the other.</param>
    /// <param name="shape">Their shape at one time.</param>
    /// <param name="cancellation">Stops between two files.</param>
    public static void Write<T>(string folder, T[] values, int[] shape, CancellationToken cancellation)
        where T : unmanaged
    {
        int size = shape.Aggregate(1, (product, extent) => product * extent);
        for (int from = 0; from < values.Length; from += size)
        {
            cancellation.ThrowIfCancellationRequested();
            string file = FileOf(folder, (from / size) + 1);
            UnfinishedFiles.DeleteOf(file);
            MatFile.Write<T>(file, "conv_weight", values.AsSpan(from, size), shape);
        }
    }

    private static string FileOf(string folder, int number) =>
        Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{number}_conv_weight.mat"));
}
