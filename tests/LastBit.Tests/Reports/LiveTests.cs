using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using LastBit.Reports.Live;

namespace LastBit.Tests.Reports;

public class LiveTests
{
    private static readonly TimeSpan Often = TimeSpan.FromMilliseconds(20);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void A_long_curve_is_thinned_evenly_and_keeps_its_last_point()
    {
        var curve = new ThinnedCurve("a");
        for (int i = 0; i < 1_000_003; i++)
            curve.Add(i, -i);
        (_, double[] x, double[] y) = curve.Copy();
        Assert.InRange(x.Length, ThinnedCurve.Most / 2, ThinnedCurve.Most + 1);
        Assert.Equal(1_000_002, x[^1]);
        Assert.Equal(x.Select(value => -value), y);
        double[] steps = [.. x.Zip(x.Skip(1), (one, next) => next - one).SkipLast(1).Distinct()];
        Assert.Equal([1024], steps);
    }

    [Fact]
    public void The_state_of_a_run_is_bounded_and_what_is_not_finite_is_null()
    {
        var run = new LiveRun();
        for (int i = 0; i < 1000; i++)
        {
            run.Begin($"task {i}", 10, "iterations");
            run.End($"task {i}", "done");
            run.Message($"message {i}");
        }
        run.Begin("last", 10, "iterations");
        run.Advance("last", 3, "loss 0.1");
        run.Advance("unknown", 3);
        run.Point("loss", "a", 0, 1.5);
        run.Point("loss", "a", 1, double.PositiveInfinity);

        JsonNode state = JsonNode.Parse(run.Snapshot())!;
        Assert.Equal(200, state["tasks"]!.AsArray().Count);
        Assert.Equal(50, state["messages"]!.AsArray().Count);
        Assert.Equal("""{"name":"last","total":10,"completed":3,"unit":"iterations","note":"loss 0.1","ended":false}""",
            state["tasks"]![199]!.ToJsonString());
        Assert.Equal("""[{"name":"loss","series":[{"name":"a","x":[0,1],"y":[1.5,null]}]}]""", state["charts"]!.ToJsonString());
        Assert.False(state["ended"]!.GetValue<bool>());
    }

    [Fact]
    public async Task The_server_answers_at_its_own_address_and_nowhere_else()
    {
        await using LiveServer server = LiveServer.Start(new LiveRun(), "lastbit <b>", 0, Often);
        using var client = new HttpClient();
        string page = await client.GetStringAsync(server.Address, Cancellation);
        Assert.Contains("<h1>lastbit &lt;b&gt;</h1>", page, StringComparison.Ordinal);

        async Task<HttpStatusCode> Status(string path, string? host = null, HttpMethod? method = null)
        {
            using var request = new HttpRequestMessage(method ?? HttpMethod.Get, server.Address + path);
            request.Headers.Host = host;
            using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
            Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
            return response.StatusCode;
        }

        Assert.Equal(HttpStatusCode.OK, await Status("", $"localhost:{server.Port}"));
        Assert.Equal(HttpStatusCode.MisdirectedRequest, await Status("", "evil.example"));
        Assert.Equal(HttpStatusCode.MisdirectedRequest, await Status("", $"evil.example:{server.Port}"));
        Assert.Equal(HttpStatusCode.MisdirectedRequest, await Status("events", "127.0.0.1:1"));
        Assert.Equal(HttpStatusCode.NotFound, await Status("run.json"));
        Assert.Equal(HttpStatusCode.NotFound, await Status("../../etc/passwd"));
        Assert.Equal(HttpStatusCode.MethodNotAllowed, await Status("", method: HttpMethod.Delete));
    }

    [Fact]
    public async Task Only_the_loopback_address_is_listened_on()
    {
        await using LiveServer server = LiveServer.Start(new LiveRun(), "lastbit", 0, Often);
        IPAddress[] addresses = await Dns.GetHostAddressesAsync(Dns.GetHostName(), Cancellation);
        foreach (IPAddress other in addresses.Where(one => one.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(one)))
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await Assert.ThrowsAnyAsync<SocketException>(async () => await socket.ConnectAsync(other, server.Port, Cancellation));
        }
        InputException taken = Assert.Throws<InputException>(() => LiveServer.Start(new LiveRun(), "lastbit", server.Port, Often));
        Assert.StartsWith("--live-port:", taken.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_follow_the_run_to_its_end()
    {
        var run = new LiveRun();
        LiveServer server = LiveServer.Start(run, "lastbit", 0, Often);
        using var client = new HttpClient();
        using var reader = new StreamReader(await client.GetStreamAsync(server.Address + "events", Cancellation));

        JsonNode first = await Next(reader);
        Assert.Empty(first["charts"]!.AsArray());
        run.Point("loss", "a", 1, 0.25);
        JsonNode second = await Next(reader);
        Assert.Equal(0.25, second["charts"]![0]!["series"]![0]!["y"]![0]!.GetValue<double>());
        await server.DisposeAsync();
        JsonNode last = await Next(reader);
        Assert.True(last["ended"]!.GetValue<bool>());
        Assert.Null(await reader.ReadLineAsync(Cancellation));
    }

    [Fact]
    public async Task Held_connections_do_not_shut_out_a_new_browser()
    {
        await using LiveServer server = LiveServer.Start(new LiveRun(), "lastbit", 0, Often);
        var held = new List<Socket>();
        try
        {
            for (int i = 0; i < LiveServer.MostConnections + 8; i++)
            {
                held.Add(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
                await held[i].ConnectAsync(IPAddress.Loopback, server.Port, Cancellation);
                await held[i].SendAsync(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\n"), Cancellation);
            }
            using var client = new HttpClient();
            Assert.Contains("<h1>lastbit</h1>", await client.GetStringAsync(server.Address, Cancellation), StringComparison.Ordinal);
        }
        finally
        {
            held.ForEach(socket => socket.Dispose());
        }
    }

    [Fact]
    public async Task The_time_that_a_task_has_left_is_that_of_what_was_done_here()
    {
        var run = new LiveRun();
        run.Begin("resumed", 1000, "steps");
        run.Advance("resumed", 500);
        Assert.Null(JsonNode.Parse(run.Snapshot())!["tasks"]![0]!["secondsLeft"]);
        await Task.Delay(30, Cancellation);
        run.Advance("resumed", 505);
        // 5 steps took at least 30 ms, so the other 495 take at least 2.9 s; 505 in that time would have left less.
        Assert.True(JsonNode.Parse(run.Snapshot())!["tasks"]![0]!["secondsLeft"]!.GetValue<double>() > 2.5);
        run.End("resumed");
        Assert.Null(JsonNode.Parse(run.Snapshot())!["tasks"]![0]!["secondsLeft"]);
    }

    [Fact]
    public async Task A_reader_that_never_reads_holds_nobody_up()
    {
        var run = new LiveRun();
        LiveServer server = LiveServer.Start(run, "lastbit", 0, Often);
        using var stuck = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 1024 };
        await stuck.ConnectAsync(IPAddress.Loopback, server.Port, Cancellation);
        await stuck.SendAsync(Encoding.ASCII.GetBytes($"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{server.Port}\r\n\r\n"), Cancellation);

        using var client = new HttpClient();
        using var reader = new StreamReader(await client.GetStreamAsync(server.Address + "events", Cancellation));
        for (int i = 0; i < 40_000; i++)
            run.Point("loss", $"{i % 40}", i, i);
        for (int i = 0; i < 30; i++)
        {
            run.Message($"{i}");
            await Next(reader);
        }
        await server.DisposeAsync();
        JsonNode last;
        do
            last = await Next(reader);
        while (!last["ended"]!.GetValue<bool>());
        Assert.Equal("29", last["messages"]!.AsArray()[^1]!.GetValue<string>());
    }

    private static async Task<JsonNode> Next(StreamReader reader)
    {
        string line = (await reader.ReadLineAsync(Cancellation))!;
        Assert.StartsWith("data: ", line, StringComparison.Ordinal);
        Assert.Equal("", await reader.ReadLineAsync(Cancellation));
        return JsonNode.Parse(line["data: ".Length..])!;
    }
}
