using System.Security.Cryptography;
using System.Text;

namespace LastBit.Reports.Page;

/// <summary>The style sheet, the scripts and the licences that every page carries inside itself.</summary>
internal static class PageAssets
{
    /// <summary>uPlot's style sheet and ours.</summary>
    internal static string Style { get; } = Read("uPlot.min.css") + "\n" + Read("page.css");

    /// <summary>uPlot and our script.</summary>
    internal static string Script { get; } = Read("uPlot.iife.min.js") + "\n" + Read("page.js");

    /// <summary>uPlot's licence.</summary>
    internal static string Licence { get; } = Read("uPlot.LICENSE.txt");

    /// <summary>
    /// What a page may do, for the browser to enforce: run this script, use this style, show images that it holds itself; nothing from
    /// anywhere else. The live page may also listen to where it came from.
    /// </summary>
    /// <param name="connect">"'self'" for the live page, "'none'" for a file.</param>
    /// <returns>A Content-Security-Policy.</returns>
    internal static string Policy(string connect) =>
        $"default-src 'none'; script-src 'sha256-{Hash(Script)}'; style-src 'sha256-{Hash(Style)}'; img-src data:; "
        + $"connect-src {connect}; base-uri 'none'; form-action 'none'";

    /// <summary>A whole page: head with policy, style and icon; the script at its end.</summary>
    /// <param name="title">The title.</param>
    /// <param name="kind">"report" or "live"; the script asks.</param>
    /// <param name="policy">What the page may do.</param>
    /// <param name="body">Header, main and footer.</param>
    /// <returns>The document.</returns>
    internal static string Document(string title, string kind, string policy, Markup body) => Markup.Of($"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="{policy}">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>{title}</title>
        <link rel="icon" href="data:,">
        <style>{new Markup(Style)}</style>
        </head>
        <body data-page="{kind}">
        <a class="skip" href="#main">To the content</a>
        {body}
        <script>{new Markup(Script)}</script>
        </body>
        </html>

        """).Html;

    private static string Hash(string text) => Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static string Read(string name)
    {
        using Stream stream = typeof(PageAssets).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"{name} is not in the assembly.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        // Browsers hash what they parsed, and they parse every line end as a line feed.
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
