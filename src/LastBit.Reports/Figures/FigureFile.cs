using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using LastBit.Files;
using SkiaSharp;

namespace LastBit.Reports.Figures;

/// <summary>
/// Writes a figure as PNG and SVG. A figure is one column of a paper wide (8.5 cm); its units are 1/96 inch, so that a
/// font of 10 units is 7.5 point in print.
/// </summary>
internal static partial class FigureFile
{
    /// <summary>8.5 cm.</summary>
    internal const int ColumnWidth = 322;

    /// <summary>Pixels of the PNG a unit: 576 a printed inch.</summary>
    internal const int PngScale = 6;

    private const int NoteHeight = 14;

    /// <summary>Draws panels below each other and writes figures/NAME.png and figures/NAME.svg.</summary>
    /// <param name="folder">The result folder.</param>
    /// <param name="name">The figure's name ("figure3").</param>
    /// <param name="title">What the figure shows, for screen readers.</param>
    /// <param name="note">A line below the figure (how it is scaled down), or null.</param>
    /// <param name="panels">The panels from top to bottom.</param>
    internal static void Write(string folder, string name, string title, string? note, params FigurePanel[] panels)
    {
        string path = Path.Combine(folder, "figures", name);
        using (SKData png = Png(note, panels, PngScale))
            AtomicFile.WriteAllBytes(path + ".png", png.AsSpan());
        AtomicFile.WriteAllText(path + ".svg", Svg(name, title, note, panels));
    }

    /// <summary>Draws to nowhere what a figure is made of, small, so that all code for it is compiled.</summary>
    internal static void Prepare(params FigurePanel[] panels)
    {
        Png(null, panels, 1).Dispose();
        Svg("prepared", "", null, panels);
    }

    private static SKData Png(string? note, FigurePanel[] panels, int scale)
    {
        using var surface = SKSurface.Create(new SKImageInfo(ColumnWidth * scale, HeightOf(note, panels) * scale));
        surface.Canvas.Scale(scale);
        Draw(surface.Canvas, note, panels);
        // Lines on white are smaller without filters.
        using SKPixmap pixels = surface.PeekPixels();
        return pixels.Encode(new SKPngEncoderOptions(SKPngEncoderFilterFlags.None, 6))
            ?? throw new InvalidOperationException("The picture cannot be encoded.");
    }

    private static string Svg(string name, string title, string? note, FigurePanel[] panels)
    {
        int height = HeightOf(note, panels);
        using var memory = new MemoryStream();
        using (SKCanvas canvas = SKSvgCanvas.Create(new SKRect(0, 0, ColumnWidth, height), memory))
            Draw(canvas, note, panels);
        return Finish(Encoding.UTF8.GetString(memory.ToArray()), name, title, height);
    }

    private static int HeightOf(string? note, FigurePanel[] panels) => panels.Sum(panel => panel.Height) + (note is null ? 0 : NoteHeight);

    private static void Draw(SKCanvas canvas, string? note, FigurePanel[] panels)
    {
        canvas.Clear(SKColors.White);
        float top = 0;
        foreach (FigurePanel panel in panels)
        {
            panel.Draw(canvas, top);
            top += panel.Height;
        }
        if (note is null)
            return;
        using var font = new SKFont(FigureFont.Typeface, 7);
        using var paint = new SKPaint { Color = new SKColor(0x55, 0x55, 0x55), IsAntialias = true };
        canvas.DrawText(note, ColumnWidth / 2f, top + NoteHeight - 5, SKTextAlign.Center, font, paint);
    }

    /// <summary>Gives the picture its printed size, a title for screen readers, and fonts to fall back on.</summary>
    private static string Finish(string svg, string name, string title, int height)
    {
        // Clips are numbered through the life of a process; a page may hold several figures, and a figure is the same each time.
        var clips = new Dictionary<string, string>();
        svg = ClipId()
            .Replace(svg,
            match => clips.TryGetValue(match.Value, out string? id) ? id : clips[match.Value] = $"{name}-clip{clips.Count + 1}");

        // Clearing the canvas to nothing is drawn as a black rectangle, whose edge would shimmer through.
        svg = ClearedCanvas().Replace(svg, "$1");

        string head = string.Create(CultureInfo.InvariantCulture,
            $"width=\"{ColumnWidth / 96.0 * 25.4:0.##}mm\" height=\"{height / 96.0 * 25.4:0.##}mm\" "
            + $"viewBox=\"0 0 {ColumnWidth} {height}\" role=\"img\"");
        svg = SvgTag().Replace(svg, match =>
        {
            string attributes = WidthAndHeight().Replace(match.Groups[1].Value, "").Trim();
            return $"<svg {attributes} {head}><title>{System.Security.SecurityElement.Escape(title)}</title>";
        }, 1);
        return svg.Replace($"font-family=\"{FigureFont.Family}\"", $"font-family=\"{FigureFont.Family}, Verdana, sans-serif\"",
            StringComparison.Ordinal);
    }

    [GeneratedRegex(@"\bcl_[0-9a-f]+")]
    private static partial Regex ClipId();

    [GeneratedRegex("""(<g clip-path="[^"]*">\s*)<rect width="[^"]*" height="[^"]*"/>\s*""")]
    private static partial Regex ClearedCanvas();

    [GeneratedRegex("<svg ([^>]*)>")]
    private static partial Regex SvgTag();

    [GeneratedRegex("(width|height|viewBox)=\"[^\"]*\"")]
    private static partial Regex WidthAndHeight();
}
