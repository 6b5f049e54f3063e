using System.Net;
using System.Net.Http.Headers;
using LastBit.Files;

namespace LastBit.Data;

/// <summary>A source of data could not be used, and another may be: it does not answer, breaks off, or holds something else.</summary>
internal sealed class SourceException(string reason, Exception? innerException = null)
    : Exception(ForeignText.Printable(reason), innerException);

/// <summary>How patient a download is.</summary>
/// <param name="Silence">The longest wait for the next byte.</param>
/// <param name="Retry">The wait before another attempt, doubled each time.</param>
internal sealed record Patience(TimeSpan Silence, TimeSpan Retry)
{
    public static Patience Normal { get; } = new(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(1));
}

/// <summary>Downloads that go on where they broke off.</summary>
internal static class Download
{
    private const int AttemptsWithoutProgress = 3;

    /// <summary>
    /// Downloads into PATH.part, which is kept when the download is interrupted and resumed the next time, and renames it when it is whole.
    /// A broken connection is taken up again; a source that has not given one byte is given up at once. A file that is there is left as it
    /// is.
    /// </summary>
    /// <param name="source">What to download.</param>
    /// <param name="path">The file to write.</param>
    /// <param name="expectedBytes">About how long it is, for the progress bar if the server does not say.</param>
    /// <param name="maximumBytes">How long it may be.</param>
    /// <param name="patience">Time-outs.</param>
    /// <param name="observer">Receives the progress in kB, 1000 bytes each.</param>
    /// <param name="cancellation">Stops; what was downloaded is kept.</param>
    /// <exception cref="SourceException">The source does not answer, breaks off again and again, or has something of another
    /// size.</exception>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static async Task ToFile(
        Uri source, string path, long expectedBytes, long maximumBytes, Patience patience, IRunObserver observer,
        CancellationToken cancellation)
    {
        if (File.Exists(path))
            return; // Downloaded before, but not used up to the end.
        using var client = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        string part = path + ".part";
        FileStream file = OpenPart(part);
        var task = new Progress(Path.GetFileName(path), expectedBytes, observer);
        bool whole = false;
        try
        {
            bool any = false;
            for (int failures = 0; ;)
            {
                long before = file.Length;
                try
                {
                    await Attempt(client, source, file, maximumBytes, patience.Silence, task, cancellation);
                    break;
                }
                catch (HttpRequestException error) when (error is not
                {
                    StatusCode: >= HttpStatusCode.BadRequest
                    and < HttpStatusCode.InternalServerError
                })
                {
                    bool progress = file.Length > before;
                    any |= progress;
                    failures = progress ? 1 : failures + 1;
                    if (!any || failures > AttemptsWithoutProgress)
                        throw;
                    observer.Message($"{source.Host}: {Reason(error)}; resuming at byte {file.Length}");
                    await Task.Delay(patience.Retry * (1 << (failures - 1)), cancellation);
                }
            }
            if (file.Length == 0)
                throw new SourceException("it sent an empty file");
            whole = true;
        }
        catch (HttpRequestException error)
        {
            throw new SourceException(Reason(error), error);
        }
        finally
        {
            task.End(whole ? null : "broken off");
            bool empty = file.Length == 0;
            file.Dispose();
            if (empty)
                File.Delete(part); // Nothing came, nothing stays.
        }
        File.Move(part, path, overwrite: true);
    }

    // One request for what is missing. Any trouble with the network is an HttpRequestException.
    private static async Task Attempt(
        HttpClient client, Uri source, FileStream file, long maximumBytes, TimeSpan silence, Progress task, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, source);
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("lastbit", null));
        if (file.Length > 0)
            request.Headers.Range = new RangeHeaderValue(file.Length, null);
        using HttpResponseMessage response = await InTime(
            token => client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token), silence, cancellation);
        ContentRangeHeaderValue? range = response.Content.Headers.ContentRange;
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable && file.Length > 0)
        {
            if (range?.Length == file.Length)
                return; // It was all there already.
            file.SetLength(0); // Our part is of something else.
            await Attempt(client, source, file, maximumBytes, silence, task, cancellation);
            return;
        }
        response.EnsureSuccessStatusCode();
        bool resumed = response.StatusCode == HttpStatusCode.PartialContent && range?.From == file.Length;
        if (response.StatusCode == HttpStatusCode.PartialContent && !resumed)
            throw new SourceException("it sent another part than was asked for");
        if (!resumed)
            file.SetLength(0); // A server that knows no ranges sends everything.
        file.Position = file.Length;

        long? total = file.Length + response.Content.Headers.ContentLength;
        if (total > maximumBytes)
            throw new SourceException($"it offers {total} bytes, more than the {maximumBytes} that this can be");
        task.Begin(total);
        await using Stream body = await response.Content.ReadAsStreamAsync(cancellation);
        byte[] buffer = new byte[1 << 16];
        while (true)
        {
            int count = await InTime(token => body.ReadAsync(buffer, token).AsTask(), silence, cancellation);
            if (count == 0)
                break;
            if (file.Length + count > maximumBytes)
                throw new SourceException($"it sends more than the {maximumBytes} bytes that this can be");
            Write(file, buffer.AsSpan(0, count));
            task.Advance(file.Length);
        }
        if (file.Length < total)
            throw new HttpRequestException(HttpRequestError.ResponseEnded);
    }

    private static async Task<T> InTime<T>(Func<CancellationToken, Task<T>> action, TimeSpan limit, CancellationToken cancellation)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timer.CancelAfter(limit);
        try
        {
            return await action(timer.Token);
        }
        catch (OperationCanceledException error) when (!cancellation.IsCancellationRequested)
        {
            throw new HttpRequestException($"no answer in {limit.TotalSeconds:0.#} seconds", error);
        }
        catch (IOException error)
        {
            throw new HttpRequestException("the connection broke off", error);
        }
    }

    private static string Reason(HttpRequestException error) => error switch
    {
        { StatusCode: HttpStatusCode status } => $"it answered {(int)status}",
        { HttpRequestError: HttpRequestError.NameResolutionError } => "its name cannot be resolved",
        { HttpRequestError: HttpRequestError.ConnectionError } => "no connection",
        { HttpRequestError: HttpRequestError.SecureConnectionError } => "no secure connection",
        { HttpRequestError: HttpRequestError.ResponseEnded } => "the connection broke off",
        _ => ForeignText.Cut(error.Message.TrimEnd('.'), 200),
    };

    private static FileStream OpenPart(string part)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(part)!);
            return new FileStream(part, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InputException(
                $"{part}: cannot be written ({InputFile.Reason(error)}); "
                + "wait if another download is running, or name a folder that is writable", error);
        }
    }

    private static void Write(FileStream file, ReadOnlySpan<byte> bytes)
    {
        try
        {
            file.Write(bytes);
            file.Flush();
        }
        catch (IOException error)
        {
            throw new InputException($"{file.Name}: cannot be written ({InputFile.Reason(error)}); name a folder that has room", error);
        }
    }

    // Speaks to the observer: begins once, when the size is known, and ends if it has begun.
    private sealed class Progress(string name, long expectedBytes, IRunObserver observer)
    {
        private bool _begun;

        public void Begin(long? total)
        {
            if (!_begun)
                observer.Begin(name, Math.Max(1, (total ?? expectedBytes) / 1000), "kB");
            _begun = true;
        }

        public void Advance(long completed) => observer.Advance(name, completed / 1000);

        public void End(string? note)
        {
            if (_begun)
                observer.End(name, note);
        }
    }
}
