using System.Globalization;

namespace LastBit.Data;

/// <summary>What is done to a training image at random, drawn anew in every epoch.</summary>
/// <param name="Padding">Black pixels added on every side, from which a crop of the image's own size is taken at a random place; 0 for no
/// crop.</param>
/// <param name="Flip">Whether left and right are exchanged with probability 1/2.</param>
public sealed record AugmentationSettings(int Padding, bool Flip)
{
    /// <summary>Images as they are.</summary>
    public static AugmentationSettings None { get; } = new(0, false);

    /// <summary>The paper's for CIFAR: padded by 4, cropped, flipped.</summary>
    public static AugmentationSettings Cifar { get; } = new(4, true);

    /// <summary>The most pixels of padding.</summary>
    public const int MostPadding = 64;

    /// <summary>Reads "none", "flip", "crop" (by 4 pixels), "crop2", "crop4+flip".</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="InputException">It is something else.</exception>
    public static AugmentationSettings Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text == "none")
            return None;
        AugmentationSettings settings = None;
        foreach (string part in text.Split('+'))
        {
            int padding = Cifar.Padding;
            if (part == "flip" && !settings.Flip)
                settings = settings with { Flip = true };
            else if (part.StartsWith("crop", StringComparison.Ordinal) && settings.Padding == 0
                && (part.Length == 4 || int.TryParse(part.AsSpan(4), NumberStyles.None, CultureInfo.InvariantCulture, out padding))
                && padding is >= 1 and <= MostPadding)
            {
                settings = settings with { Padding = padding };
            }
            else
                throw new InputException(
                    $"augmentation: '{ForeignText.Cut(text)}' is unknown; give none, flip, cropN (padded by N pixels, 1 to {MostPadding}) "
                        + "or cropN+flip");
        }
        return settings;
    }

    /// <summary>As <see cref="Parse"/> reads it.</summary>
    public override string ToString() => (Padding, Flip) switch
    {
        (0, false) => "none",
        (0, true) => "flip",
        (_, false) => $"crop{Padding}",
        (_, true) => $"crop{Padding}+flip",
    };
}
