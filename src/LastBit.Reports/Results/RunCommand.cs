using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LastBit.Reports.Results;

/// <summary>The command line that makes a run again, from its run.json.</summary>
public static class RunCommand
{
    /// <summary>The command with every setting that was recorded; an option is called like the setting, but for a few lists.</summary>
    /// <param name="run">run.json, or null.</param>
    /// <returns>"lastbit linear --alpha 1.1e7,2e8 --iterations 1000"; just "lastbit" when nothing is known.</returns>
    public static string Of(JsonObject? run)
    {
        var command = new StringBuilder("lastbit");
        if (run?["command"] is JsonValue name)
            command.Append(' ').Append(ShellWord.Quote(name.ToString()));
        // Cells are the runs of one folder that were added to it bit by bit: seeds, k, divisors.
        foreach ((string setting, JsonNode? value) in (run?["settings"] as JsonObject ?? []).Concat(run?["cells"] as JsonObject ?? []))
        {
            if (value is JsonObject image && setting == "image")
            {
                string picture = image["name"]?.ToString() ?? "";
                command.Append(picture == "checkerboard" ? $" --image-size {image["height"]}" : $" --image {ShellWord.Quote(picture)}");
            }
            if (value is null || value is JsonObject || (value is JsonValue no && no.GetValueKind() == JsonValueKind.False))
                continue;
            // The other networks' names say their activation, and the option does not take it.
            if (setting == "activation" && value.ToString() is not ("relu" or "swish"))
                continue;
            command.Append(" --").Append(SettingNames.Of(setting));
            if (value.GetValueKind() != JsonValueKind.True)
                command.Append(' ').Append(ShellWord.Quote(value is JsonArray list ? string.Join(',', list.Select(one => (setting == "perturbation" && one?.GetValueKind() == JsonValueKind.Number ? "k=" : "") + one)) : value.ToString()));
        }
        // Folders from before there was a choice of algorithm are direct, and the default is not.
        if (run?["settings"] is JsonObject settings && (settings.ContainsKey("network") || settings.ContainsKey("scale")) && !settings.ContainsKey("convolution"))
            command.Append(" --convolution direct");
        // Its default is the other one, which a document names.
        if (run?["command"]?.ToString() == "edge" && run["settings"] is JsonObject edge && !edge.ContainsKey("standardization"))
            command.Append(" --standardization channel");
        return command.ToString();
    }
}
