using ScottPlot;
using ScottPlot.DataSources;
using ScottPlot.Plottables;

namespace LastBit.Reports.Figures;

/// <summary>
/// A curve that leaves nothing behind. All that a plot draws shares one paint, and a dashed line leaves its dashes in it; a filled circle
/// that comes next is drawn with them, of which Skia says on standard error that it cannot.
/// </summary>
/// <param name="x">Abscissae, all finite.</param>
/// <param name="y">Ordinates, as many, all finite.</param>
internal sealed class PatternedLine(double[] x, double[] y) : Scatter(new ScatterSourceDoubleArray(x, y))
{
    /// <inheritdoc/>
    public override void Render(RenderPack rp)
    {
        base.Render(rp);
        rp.Paint.SKPaint.PathEffect = null;
    }
}
