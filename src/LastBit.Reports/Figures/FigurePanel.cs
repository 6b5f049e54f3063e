using ScottPlot;
using SkiaSharp;

namespace LastBit.Reports.Figures;

/// <summary>One panel of a figure: axes, curves, and a legend below them that is as high as it needs to be.</summary>
internal sealed class FigurePanel
{
    private const float SymbolWidth = 22;
    private const float SymbolGap = 4;
    private const float ColumnGap = 10;
    private const float RowHeight = 12.5f;
    private const float LegendMargin = 5;

    private readonly int _axesHeight;
    private readonly List<(int Number, string Label)> _legend = [];

    /// <summary>Makes an empty panel.</summary>
    /// <param name="xLabel">What the horizontal axis shows.</param>
    /// <param name="yLabel">What the vertical axis shows.</param>
    /// <param name="height">Height without the legend, in units of 1/96 inch.</param>
    /// <param name="title">A title above the axes, or null.</param>
    internal FigurePanel(string xLabel, string yLabel, int height, string? title = null)
    {
        FigureFont.Register();
        _axesHeight = height;
        Plot = new Plot();
        Plot.Font.Set(FigureFont.Family);
        Plot.FigureBackground.Color = Plot.DataBackground.Color = Colors.White;
        Plot.XLabel(xLabel, FigureStyle.LabelSize);
        Plot.YLabel(yLabel, FigureStyle.LabelSize);
        if (title is not null)
            Plot.Title(title, FigureStyle.LabelSize);
        Plot.Axes.Title.Label.Bold = false;
        foreach (IAxis axis in Plot.Axes.GetAxes())
        {
            axis.Label.Bold = false;
            axis.TickLabelStyle.FontSize = FigureStyle.TickSize;
            axis.FrameLineStyle.Width = 0.8f;
            axis.MajorTickStyle.Width = 0.8f;
            axis.MajorTickStyle.Length = 3.5f;
            axis.MinorTickStyle.Width = 0.5f;
            axis.MinorTickStyle.Length = 2;
        }
        Plot.Grid.MajorLineColor = Color.FromHex("#E4E4E4");
        Plot.Grid.MajorLineWidth = 0.6f;
        Plot.HideLegend();
    }

    /// <summary>The axes and what is drawn between them.</summary>
    internal Plot Plot { get; }

    /// <summary>The height with the legend.</summary>
    internal int Height => _axesHeight + (_legend.Count == 0 ? 0 : (int)Math.Ceiling(Rows * RowHeight + LegendMargin));

    private float ItemWidth => SymbolWidth + SymbolGap + _legend.Max(item => Measure(item.Label));

    private int Columns
    {
        get
        {
            int fit = Math.Max(1, (int)((FigureFile.ColumnWidth - 12 + ColumnGap) / (ItemWidth + ColumnGap)));
            int rows = (_legend.Count + fit - 1) / fit;

            // As few rows as possible, and then rows of alike length.
            return (_legend.Count + rows - 1) / rows;
        }
    }

    private int Rows => (_legend.Count + Columns - 1) / Columns;

    /// <summary>Adds an entry to the legend; entries come in the order in which they are added.</summary>
    /// <param name="number">The curve's number, which decides its colour and its pattern.</param>
    /// <param name="label">Its name.</param>
    internal void Name(int number, string label) => _legend.Add((number, label));

    /// <summary>Draws one curve; where a value is not finite the line is broken, and nothing is drawn.</summary>
    /// <param name="number">The curve's number, which decides its colour and its pattern.</param>
    /// <param name="x">Abscissae.</param>
    /// <param name="y">Ordinates, as many.</param>
    /// <param name="width">Width of the line.</param>
    internal void Curve(int number, ReadOnlySpan<double> x, ReadOnlySpan<double> y, float width = 1.3f)
    {
        for (int start = 0; start < y.Length;)
        {
            int end = start;
            while (end < y.Length && double.IsFinite(x[end]) && double.IsFinite(y[end]))
                end++;
            if (end == start + 1)
            {
                // A line of one point has no length, and would not be seen.
                Plot.Add.Markers(x[start..end].ToArray(), y[start..end].ToArray(), MarkerShape.FilledCircle, 2 * width,
                    FigureStyle.ColorOf(number));
            }
            else if (end > start)
            {
                Plot.PlottableList.Add(new PatternedLine(x[start..end].ToArray(), y[start..end].ToArray())
                {
                    Color = FigureStyle.ColorOf(number),
                    MarkerSize = 0,
                    LineWidth = width,
                    LinePattern = FigureStyle.PatternOf(number),
                });
            }
            start = end + 1;
        }
    }

    /// <summary>Draws the panel.</summary>
    /// <param name="canvas">Where.</param>
    /// <param name="top">The panel's upper edge.</param>
    internal void Draw(SKCanvas canvas, float top)
    {
        // Rendering clears the canvas; the clip keeps the other panels.
        canvas.Save();
        canvas.ClipRect(new SKRect(0, top, FigureFile.ColumnWidth, top + _axesHeight));
        Plot.Render(canvas, new PixelRect(0, FigureFile.ColumnWidth, top + _axesHeight, top));
        canvas.Restore();
        if (_legend.Count == 0)
            return;

        float left = (FigureFile.ColumnWidth - (Columns * (ItemWidth + ColumnGap) - ColumnGap)) / 2;
        using var font = new SKFont(FigureFont.Typeface, FigureStyle.TickSize);
        using var ink = new SKPaint { Color = SKColors.Black, IsAntialias = true };
        for (int i = 0; i < _legend.Count; i++)
        {
            float x = left + i % Columns * (ItemWidth + ColumnGap);
            float y = top + _axesHeight + i / Columns * RowHeight + RowHeight / 2;
            using SKPathEffect? pattern = FigureStyle.PatternOf(_legend[i].Number).GetPathEffect();
            using var line = new SKPaint { StrokeWidth = 1.5f, IsStroke = true, IsAntialias = true, PathEffect = pattern };
            line.Color = new SKColor(FigureStyle.ColorOf(_legend[i].Number).ARGB);
            canvas.DrawLine(x, y, x + SymbolWidth, y, line);
            canvas.DrawText(_legend[i].Label, x + SymbolWidth + SymbolGap, y + FigureStyle.TickSize * 0.36f, SKTextAlign.Left, font, ink);
        }
    }

    private static float Measure(string text)
    {
        using var font = new SKFont(FigureFont.Typeface, FigureStyle.TickSize);
        return font.MeasureText(text);
    }
}
