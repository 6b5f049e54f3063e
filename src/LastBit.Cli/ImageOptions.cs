using System.CommandLine;
using LastBit.Pde;

namespace LastBit.Cli;

/// <summary>The options of the one-layer experiments that say what the image and the kernel are.</summary>
internal static class ImageOptions
{
    private static readonly Option<string?> Image =
        OptionTypes.PathTo("--image", "FILE", "A PNG image; its grey values 0..255 become -1..1.", "a checkerboard");

    private static readonly Option<int> Size = OptionTypes.Count("--image-size", 256, "Rows and columns of the checkerboard.");

    /// <summary>Rows and columns of the kernel.</summary>
    internal static Option<int> KernelSize { get; } = OptionTypes.Count("--kernel-size", 32, "Rows and columns of the kernel.");

    /// <summary>Adds --image, --image-size and --kernel-size.</summary>
    internal static Command WithImageOptions(this Command command)
    {
        command.Add(Image);
        command.Add(Size);
        command.Add(KernelSize);
        return command;
    }

    /// <summary>Those of the options that were given, as they are typed again: " --image 'my cat.png' --kernel-size 16".</summary>
    internal static string Words(ParseResult parse) => string.Concat(new Option[] { Image, Size, KernelSize }
        .Select(option => parse.GetResult(option)).Where(result => result is { Implicit: false })
        .Select(result => $" {result!.Option.Name} {ShellWord.Quote(result.Tokens[0].Value)}"));

    /// <summary>The image that the options describe.</summary>
    /// <exception cref="InputException">The file is no image, or a size is given for an image that has its own.</exception>
    internal static GreyImage Read(ParseResult parse)
    {
        if (parse.GetValue(Image) is not { } file)
            return GreyImage.Checkerboard(parse.GetValue(Size));
        return parse.GetResult(Size) is { Implicit: false }
            ? throw new InputException("--image-size: is for the checkerboard; an --image has its own size, so give one or the other")
            : GreyImage.Load(file);
    }
}
