using ScottPlot;
using SkiaSharp;

namespace LastBit.Reports.Figures;

/// <summary>
/// The one typeface of all figures, which is shipped with them: on a machine without fonts text would vanish, and on two
/// machines with different fonts one figure would look different.
/// </summary>
internal sealed class FigureFont : IFontResolver
{
    /// <summary>The family's name.</summary>
    internal const string Family = "DejaVu Sans";

    private static readonly Lock Once = new();
    private static bool _isRegistered;

    /// <summary>The typeface.</summary>
    internal static SKTypeface Typeface { get; } = Load();

    /// <summary>Makes ScottPlot use it.</summary>
    internal static void Register()
    {
        lock (Once)
        {
            if (_isRegistered)
                return;
            Fonts.FontResolvers.Insert(0, new FigureFont());
            Fonts.Default = Fonts.Sans = Family;
            _isRegistered = true;
        }
    }

    /// <inheritdoc/>
    public SKTypeface? CreateTypeface(string fontName, FontWeight weight, FontSlant slant, FontSpacing spacing) =>
        fontName == Family ? Typeface : null;

    /// <inheritdoc/>
    public SKTypeface? CreateTypeface(string fontName, bool bold, bool italic) => fontName == Family ? Typeface : null;

    private static SKTypeface Load()
    {
        using Stream stream = typeof(FigureFont).Assembly.GetManifestResourceStream("DejaVuSans.ttf")!;
        using SKData data = SKData.Create(stream);
        return SKTypeface.FromData(data);
    }
}
