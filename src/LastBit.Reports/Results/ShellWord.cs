namespace LastBit.Reports.Results;

/// <summary>Words of command lines that are printed to be pasted into a shell.</summary>
public static class ShellWord
{
    /// <summary>A word as a shell reads it back: quoted unless it is plain.</summary>
    /// <param name="text">Any text, as a path.</param>
    /// <returns>The word; in single quotes for the shells of Unix, in double quotes for those of Windows.</returns>
    public static string Quote(string text) => Quote(text, OperatingSystem.IsWindows());

    /// <summary>The same for a given kind of shell.</summary>
    /// <param name="text">Any text, as a path.</param>
    /// <param name="windows">Whether the shell is one of Windows, where a path cannot hold a double quote.</param>
    public static string Quote(string text, bool windows)
    {
        ArgumentNullException.ThrowIfNull(text);
        string plain = windows ? "+-_.,:/=\\" : "+-_.,:/=";
        if (text.Length > 0 && text.All(letter => char.IsAsciiLetterOrDigit(letter) || plain.Contains(letter, StringComparison.Ordinal)))
            return text;
        return windows
            ? $"\"{text.Replace("\"", "\\\"", StringComparison.Ordinal)}\"" : $"'{text.Replace("'", @"'\''", StringComparison.Ordinal)}'";
    }
}
