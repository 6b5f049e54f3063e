using System.Globalization;
using LastBit.Models;

namespace LastBit.Benchmarks;

/// <summary>The command lines of the benchmarks: names and numbers in order, then options.</summary>
internal static class BenchmarkArguments
{
    /// <summary>The arguments that are neither options nor the values of one.</summary>
    internal static string[] Plain(string[] args) =>
        [.. args.Where((word, i) => !word.StartsWith("--", StringComparison.Ordinal) && (i == 0 || args[i - 1] != "--convolution"))];

    /// <summary>The number at a place; another one where the arguments end before it.</summary>
    internal static int Number(string[] args, int index, int otherwise) =>
        index < args.Length ? int.Parse(args[index], CultureInfo.InvariantCulture) : otherwise;

    /// <summary>What --convolution lists; direct if it does not.</summary>
    internal static ConvolutionAlgorithm[] Algorithms(string[] args)
    {
        int at = Array.IndexOf(args, "--convolution");
        return at < 0 ? [ConvolutionAlgorithm.Direct]
            : [.. args[at + 1].Split(',').Select(word => Enum.Parse<ConvolutionAlgorithm>(word, ignoreCase: true))];
    }
}
