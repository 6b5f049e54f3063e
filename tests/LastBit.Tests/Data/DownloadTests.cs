using LastBit.Data;

namespace LastBit.Tests.Data;

public sealed class DownloadTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly byte[] _content = new byte[300_000];
    private readonly Recorder _observer = new();

    public DownloadTests() => new System.Random(1).NextBytes(_content);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_file_arrives_whole_with_its_progress()
    {
        using var server = new LocalServer(new Dictionary<string, byte[]> { ["/file"] = _content });
        await Fetch(server);
        AssertWhole();
        Assert.Equal((300, 300, "kB", null), _observer.Tasks["file"]);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task What_is_already_there_is_not_asked_for_again()
    {
        using var server = new LocalServer(new Dictionary<string, byte[]> { ["/file"] = _content });
        File.WriteAllBytes(_folder["file.part"], _content[..123_456]);
        await Fetch(server);
        AssertWhole();
        Assert.Equal([new Request("/file", 123_456)], server.Requests);

        await Fetch(server); // Whole now: no request at all.
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task A_part_that_turns_out_to_be_all_is_taken_as_it_is()
    {
        using var server = new LocalServer(new Dictionary<string, byte[]> { ["/file"] = _content });
        File.WriteAllBytes(_folder["file.part"], _content);
        await Fetch(server);
        AssertWhole();
        Assert.Equal([new Request("/file", 300_000)], server.Requests);
    }

    [Fact]
    public async Task A_part_longer_than_the_file_is_thrown_away()
    {
        using var server = new LocalServer(new Dictionary<string, byte[]> { ["/file"] = _content });
        File.WriteAllBytes(_folder["file.part"], new byte[300_001]);
        await Fetch(server);
        AssertWhole();
        Assert.Equal([new Request("/file", 300_001), new Request("/file", null)], server.Requests);
    }

    [Fact]
    public async Task A_server_that_ignores_ranges_is_taken_from_the_start()
    {
        using var server = new LocalServer((_, stream) => LocalServer.Send(stream, "200 OK", _content, "Content-Length: 300000\r\n"));
        File.WriteAllBytes(_folder["file.part"], new byte[50_000]);
        await Fetch(server);
        AssertWhole();
    }

    [Fact]
    public async Task A_server_that_does_not_say_how_long_the_file_is_will_do()
    {
        using var server = new LocalServer((_, stream) => LocalServer.Send(stream, "200 OK", _content, ""));
        await Fetch(server);
        AssertWhole();
        Assert.Equal(1, _observer.Tasks["file"].Total);
    }

    [Fact]
    public async Task A_broken_connection_is_taken_up_where_it_broke_off()
    {
        using var server = new LocalServer((request, stream) =>
        {
            int from = (int)(request.From ?? 0), to = Math.Min(from + 100_000, _content.Length);
            string range = request.From is null ? "" : $"Content-Range: bytes {from}-{_content.Length - 1}/{_content.Length}\r\n";
            LocalServer.Send(stream, request.From is null ? "200 OK" : "206 Partial Content", _content.AsSpan(from, to - from),
                $"Content-Length: {_content.Length - from}\r\n" + range);
        });
        await Fetch(server);
        AssertWhole();
        Assert.Equal([new Request("/file", null), new Request("/file", 100_000), new Request("/file", 200_000)], server.Requests);
        Assert.Equal(2,
            _observer.Messages.Count(message => message.Contains("the connection broke off; resuming at byte", StringComparison.Ordinal)));
        Assert.Equal((300, 300, "kB", null), _observer.Tasks["file"]);
    }

    [Fact]
    public async Task A_server_that_stays_broken_is_given_up_and_the_part_is_kept()
    {
        using var server = new LocalServer((request, stream) =>
        {
            if (request.From is null)
                LocalServer.Send(stream, "200 OK", _content.AsSpan(0, 70_000), "Content-Length: 300000\r\n");
            else
                LocalServer.Send(stream, "206 Partial Content", [],
                    "Content-Length: 230000\r\nContent-Range: bytes 70000-299999/300000\r\n");
        });
        Assert.Contains("broke off", await Failure(server), StringComparison.Ordinal);
        Assert.Equal(4, server.Requests.Count); // The one that brought bytes, and three more.
        Assert.Equal(_content[..70_000], File.ReadAllBytes(_folder["file.part"]));
        Assert.False(File.Exists(_folder["file"]));
        Assert.Equal((70, 300, "kB", "broken off"), _observer.Tasks["file"]);
    }

    [Fact]
    public async Task A_silent_server_is_given_up()
    {
        using var silent = new ManualResetEventSlim();
        using var server = new LocalServer((_, _) => silent.Wait());
        Assert.Equal("no answer in 0.3 seconds", await Failure(server, silence: 0.3));
        silent.Set();
    }

    [Fact]
    public async Task A_server_that_falls_silent_in_the_middle_is_asked_again()
    {
        using var silent = new ManualResetEventSlim();
        using var server = new LocalServer((request, stream) =>
        {
            if (request.From is not null)
            {
                LocalServer.SendWithRanges(request, stream, _content);
                return;
            }
            LocalServer.Send(stream, "200 OK", _content.AsSpan(0, 1000), "Content-Length: 300000\r\n");
            silent.Wait();
        });
        await Fetch(server, silence: 3);
        silent.Set();
        AssertWhole();
        Assert.Equal([null, 1000], server.Requests.Select(request => request.From));
    }

    [Theory]
    [InlineData("404 Not Found", "it answered 404")]
    [InlineData("403 Forbidden", "it answered 403")]
    [InlineData("503 Service Unavailable", "it answered 503")]
    public async Task An_answer_that_is_no_file_is_final(string status, string reason)
    {
        using var server = new LocalServer((_, stream) => LocalServer.Send(stream, status, [], "Content-Length: 0\r\n"));
        Assert.Equal(reason, await Failure(server));
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Where_nobody_listens_there_is_no_connection()
    {
        var server = new LocalServer((_, _) => { });
        Uri address = server.Address;
        server.Dispose();
        var error = await Assert.ThrowsAsync<SourceException>(() => Fetch(address));
        Assert.Equal("no connection", error.Message);
    }

    [Theory]
    [InlineData("Content-Length: 600000\r\n", "it offers 600000 bytes, more than the 500000 that this can be")]
    [InlineData("", "it sends more than the 500000 bytes that this can be")]
    public async Task A_file_that_is_too_long_is_refused(string headers, string reason)
    {
        using var server = new LocalServer((_, stream) => LocalServer.Send(stream, "200 OK", new byte[600_000], headers));
        Assert.Equal(reason, await Failure(server));
    }

    [Fact]
    public async Task An_empty_file_is_refused_and_leaves_nothing()
    {
        using var server = new LocalServer((_, stream) => LocalServer.Send(stream, "200 OK", [], "Content-Length: 0\r\n"));
        Assert.Equal("it sent an empty file", await Failure(server));
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task A_part_that_was_not_asked_for_is_refused()
    {
        using var server = new LocalServer((_, stream) => LocalServer.Send(
            stream, "206 Partial Content", _content, "Content-Length: 300000\r\nContent-Range: bytes 0-299999/300000\r\n"));
        File.WriteAllBytes(_folder["file.part"], _content[..10]);
        Assert.Equal("it sent another part than was asked for", await Failure(server));
    }

    [Fact]
    public async Task Stopping_keeps_what_has_arrived()
    {
        using var stop = new CancellationTokenSource();
        using var silent = new ManualResetEventSlim();
        using var server = new LocalServer((_, stream) =>
        {
            LocalServer.Send(stream, "200 OK", _content.AsSpan(0, 5000), "Content-Length: 300000\r\n");
            while (!_observer.Tasks.TryGetValue("file", out var task) || task.Completed < 5)
                Thread.Sleep(1);
            stop.Cancel();
            silent.Wait();
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Fetch(server.Address, cancellation: stop.Token));
        silent.Set();
        Assert.Equal(_content[..5000], File.ReadAllBytes(_folder["file.part"]));
    }

    [Fact]
    public async Task Two_downloads_into_one_file_are_refused()
    {
        using FileStream other = new(_folder["file.part"], FileMode.Create, FileAccess.ReadWrite, FileShare.None);
        using var server = new LocalServer((_, _) => { });
        var error = await Assert.ThrowsAsync<InputException>(() => Fetch(server.Address));
        Assert.StartsWith(_folder["file.part"] + ": cannot be written", error.Message, StringComparison.Ordinal);
        Assert.Contains("another download is running", error.Message, StringComparison.Ordinal);
    }

    private Task Fetch(LocalServer server, double silence = 20) => Fetch(server.Address, silence);

    private Task Fetch(Uri address, double silence = 20, CancellationToken? cancellation = null) => Download.ToFile(
        new Uri(address, "/file"), _folder["file"], 1000, 500_000,
        new Patience(TimeSpan.FromSeconds(silence), TimeSpan.FromMilliseconds(1)), _observer,
        cancellation ?? TestContext.Current.CancellationToken);

    private async Task<string> Failure(LocalServer server, double silence = 20)
    {
        string reason = (await Assert.ThrowsAsync<SourceException>(() => Fetch(server, silence))).Message;
        Assert.False(File.Exists(_folder["file"]));
        return reason;
    }

    private void AssertWhole()
    {
        Assert.Equal(_content, File.ReadAllBytes(_folder["file"]));
        Assert.Equal([_folder["file"]], Directory.GetFiles(_folder.Path));
    }
}
