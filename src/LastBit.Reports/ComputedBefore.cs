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
    private const string Prefix = "before/", RunName = "run.json";

    private static readonly Lazy<IReadOnlyDictionary<string, List<ComputedBefore>>> All = new(Judge);

    /// <summary>What was computed before of a claim.</summary>
    /// <param name="id">The claim's anchor.</param>
    /// <returns>The folders of docs/results that decide it: the one that has its name, or else all of them in the order of the alphabet.
    /// </returns>
    public static IReadOnlyList<ComputedBefore> Of(string id) => All.Value.GetValueOrDefault(id) ?? [];

    private static Dictionary<string, List<ComputedBefore>> Judge()
    {
        var judged = new Dictionary<string, List<ComputedBefore>>(StringComparer.Ordinal);
        var named = new HashSet<string>(StringComparer.Ordinal);
        var folders = typeof(ComputedBefore).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(name => (Resource: name, Path: name[Prefix.Length..].Replace('\\', '/')))
            .GroupBy(one => Path.GetDirectoryName(one.Path)!).OrderBy(folder => folder.Key, StringComparer.Ordinal);
        foreach (var files in folders)
        {
            var documents = files.ToDictionary(one => Path.GetFileName(one.Path), one => Read(one.Resource));
            if (!documents.ContainsKey(RunName))
                continue;
            ResultFolder folder = ResultFolder.Of($"docs/results/{files.Key}", documents);
            string commit = folder.Run!["commit"]!.ToString();
            foreach (ReportPart part in Report.Parts.Where(part => documents.ContainsKey(part.Documents[0])))
            {
                string name = part.Documents[0], digest = Convert.ToHexStringLower(SHA256.HashData(documents[name]));
                foreach (ReportSection section in part.Sections.Select(made => made(folder)).Where(one => one.Finding.IsDecided))
                {
                    if (named.Contains(section.Id))
                        continue;
                    if (!judged.TryGetValue(section.Id, out List<ComputedBefore>? all) || files.Key == section.Id)
                        judged[section.Id] = all = [];
                    if (files.Key == section.Id)
                        named.Add(section.Id);
                    all.Add(new(section.Ran, section.Finding, $"{folder.Path}/{name}", digest, commit));
                }
            }
        }
        return judged;
    }

    private static byte[] Read(string resource)
    {
        using Stream stream = typeof(ComputedBefore).Assembly.GetManifestResourceStream(resource)!;
        byte[] content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }
}
