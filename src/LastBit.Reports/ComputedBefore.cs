using System.Collections.Concurrent;
using System.Security.Cryptography;
using LastBit.Reports.Claims;
using LastBit.Reports.Results;
using LastBit.Reports.Sections;

namespace LastBit.Reports;

/// <summary>
/// What the runs in docs/results, on all of CIFAR-10, say of a claim. They come with the program, so that a run that is too small to test a
/// claim can show beside its own finding what came out there, by the same rule and marked as computed before.
/// </summary>
/// <param name="Ran">What was run.</param>
/// <param name="Finding">What the rule finds.</param>
/// <param name="Document">The document that it is judged by, below the repository's root.</param>
/// <param name="Digest">SHA-256 of that document, in hexadecimal digits.</param>
/// <param name="Commit">The commit of the program that computed it.</param>
public sealed record ComputedBefore(string Ran, Finding Finding, string Document, string Digest, string Commit)
{
    private static readonly ConcurrentDictionary<string, ComputedBefore?> Read = new(StringComparer.Ordinal);

    /// <summary>What was computed before of a part of the report.</summary>
    /// <param name="id">The claim's anchor, which is the folder's name in docs/results.</param>
    /// <returns>Null where nothing was.</returns>
    public static ComputedBefore? Of(string id) => Read.GetOrAdd(id, Judge);

    private static ComputedBefore? Judge(string id)
    {
        if (Resource(id, "run.json") is not { } run)
            return null;
        foreach (ReportPart part in Report.Parts)
        {
            string name = part.Documents[0];
            if (Resource(id, name) is not { } document)
                continue;
            var folder = ResultFolder.Of($"docs/results/{id}", new Dictionary<string, byte[]> { ["run.json"] = run, [name] = document });
            ReportSection section = part.Sections[0](folder);
            return new ComputedBefore(section.Ran, section.Finding, $"docs/results/{id}/{name}",
                Convert.ToHexStringLower(SHA256.HashData(document)),
                folder.Run!["commit"]!.ToString());
        }
        return null;
    }

    private static byte[]? Resource(string id, string name)
    {
        using Stream? stream = typeof(ComputedBefore).Assembly.GetManifestResourceStream($"before/{id}/{name}");
        if (stream is null)
            return null;
        byte[] content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }
}
