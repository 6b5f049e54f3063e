using System.Text;

namespace LastBit.Cli;

/// <summary>
/// Standard output or standard error as something that may fail (a full disk, a closed descriptor) without ending the run: a run of a day
/// does not die of its log. The first failure is remembered, and nothing more is written after it.
/// </summary>
internal sealed class StandardStream(TextWriter writer) : TextWriter(writer.FormatProvider)
{
    /// <inheritdoc/>
    public override Encoding Encoding => writer.Encoding;

    /// <summary>Why nothing can be written any more; null as long as everything was.</summary>
    internal string? Failure { get; private set; }

    /// <inheritdoc/>
    public override void Write(char value) => Try(() => writer.Write(value));

    /// <inheritdoc/>
    public override void Write(char[] buffer, int index, int count) => Try(() => writer.Write(buffer, index, count));

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<char> buffer)
    {
        string text = buffer.ToString();
        Try(() => writer.Write(text));
    }

    /// <inheritdoc/>
    public override void Write(string? value) => Try(() => writer.Write(value));

    /// <inheritdoc/>
    public override void WriteLine(string? value) => Try(() => writer.WriteLine(value));

    /// <inheritdoc/>
    public override void Flush() => Try(writer.Flush);

    private void Try(Action write)
    {
        if (Failure is not null)
            return;
        try
        {
            write();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            // .NET says "access denied" of a descriptor that is closed.
            Failure = error is IOException ? error.Message.ReplaceLineEndings(" ") : "it is closed";
        }
    }
}
