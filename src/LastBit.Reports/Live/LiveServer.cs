using System.Globalization;
using System.Net;
using System.Text;
using LastBit.Reports.Page;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace LastBit.Reports.Live;

/// <summary>
/// Serves the live page of a run on the loopback address: the page at /, its events at /events, and nothing else. Another Host
/// header than our own address is refused, so that no web site can reach the page through a name that it points here. The run is
/// looked at by the server's own clock, once an interval; every reader gets the newest state when it is ready for it, and none is waited
/// for.
/// </summary>
public sealed class LiveServer : IAsyncDisposable
{
    /// <summary>How many connections are held at once.</summary>
    internal const int MostConnections = 64;

    private readonly LinkedList<ConnectionContext> _connections = new();
    private readonly LiveRun _run;
    private readonly WebApplication _app;
    private readonly CancellationTokenSource _stop = new();
    private readonly byte[] _page;
    private readonly string _policy;
    private readonly TimeSpan _interval;
    private readonly Task _clock;
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Frame _frame;
    private int _readers;

    private LiveServer(LiveRun run, string command, int port, TimeSpan interval)
    {
        _run = run;
        _interval = interval;
        _frame = Frame.Of(run, false);
        _policy = PageAssets.Policy("'self'");
        _page = Encoding.UTF8.GetBytes(LivePage.Html(command, _policy));

        // The empty builder: no configuration files, no logging, and Ctrl-C stays with the run.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            options.Limits.MaxRequestBodySize = 0;
            options.Listen(IPAddress.Loopback, port, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listen.Use(Admit);
            });
        });
        _app = builder.Build();
        _app.Run(Answer);
        try
        {
            _app.Start();
        }
        catch (IOException error)
        {
            throw new InputException(
                $"--live-port: {port} cannot be listened on ({error.Message.ReplaceLineEndings(" ")}); give a free port, or 0 for any",
                error);
        }
        string address = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Port = new Uri(address).Port;
        _clock = Tick();
    }

    /// <summary>The port that is listened on.</summary>
    public int Port { get; }

    /// <summary>The address of the page.</summary>
    public string Address => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Port}/");

    /// <summary>Starts to listen.</summary>
    /// <param name="run">What to show.</param>
    /// <param name="command">The command that runs, for the heading.</param>
    /// <param name="port">The port, or 0 for any that is free.</param>
    /// <param name="interval">How often the run is looked at.</param>
    /// <returns>The server; disposing of it sends the last state and ends it.</returns>
    /// <exception cref="InputException">The port cannot be listened on.</exception>
    public static LiveServer Start(LiveRun run, string command, int port, TimeSpan interval) => new(run, command, port, interval);

    /// <summary>Sends the end of the run to everybody who reads, for at most two seconds, and stops.</summary>
    /// <returns>When it has stopped.</returns>
    public async ValueTask DisposeAsync()
    {
        // The clock first: only one frame may say that the run has ended.
        await _stop.CancelAsync().ConfigureAwait(false);
        await _clock.ConfigureAwait(false);
        _run.Complete();
        Publish(last: true);
        for (int i = 0; i < 40 && Volatile.Read(ref _readers) > 0; i++)
            await Task.Delay(50).ConfigureAwait(false);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _app.StopAsync(patience.Token).ConfigureAwait(false);
        await _app.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    /// <summary>
    /// A bound on connections that shuts nobody out: the newest takes the place of the oldest, which a browser that still listens opens
    /// again.
    /// </summary>
    private ConnectionDelegate Admit(ConnectionDelegate next) => async connection =>
    {
        ConnectionContext? oldest = null;
        lock (_connections)
        {
            _connections.AddLast(connection);
            if (_connections.Count > MostConnections)
            {
                oldest = _connections.First!.Value;
                _connections.RemoveFirst();
            }
        }
        oldest?.Abort();
        try
        {
            await next(connection).ConfigureAwait(false);
        }
        finally
        {
            lock (_connections)
                _connections.Remove(connection);
        }
    };

    private async Task Tick()
    {
        using var timer = new PeriodicTimer(_interval);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
            {
                if (Volatile.Read(ref _readers) > 0 && _frame.Version != _run.Version)
                    Publish(last: false);
            }
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }

    private void Publish(bool last)
    {
        _frame = Frame.Of(_run, last);
        Interlocked.Exchange(ref _next, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    private async Task Answer(HttpContext context)
    {
        HttpResponse response = context.Response;
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Cross-Origin-Resource-Policy"] = "same-origin";
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Headers.ContentSecurityPolicy = _policy + "; frame-ancestors 'none'";

        string host = context.Request.Host.Value ?? "";
        string byNumber = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");
        string byName = string.Create(CultureInfo.InvariantCulture, $"localhost:{Port}");
        if (host != byNumber && host != byName)
            await Refuse(response, StatusCodes.Status421MisdirectedRequest, $"This page is served at {Address} only.")
                .ConfigureAwait(false);
        else if (context.Request.Path != "/" && context.Request.Path != "/events")
            await Refuse(response, StatusCodes.Status404NotFound, "There is only / and /events.").ConfigureAwait(false);
        else if (!HttpMethods.IsGet(context.Request.Method))
            await Refuse(response, StatusCodes.Status405MethodNotAllowed, "There is only GET.").ConfigureAwait(false);
        else if (context.Request.Path == "/events")
            await Events(context).ConfigureAwait(false);
        else
        {
            response.ContentType = "text/html; charset=utf-8";
            await response.Body.WriteAsync(_page, context.RequestAborted).ConfigureAwait(false);
        }
    }

    private async Task Events(HttpContext context)
    {
        CancellationToken gone = context.RequestAborted;
        context.Response.ContentType = "text/event-stream";
        Interlocked.Increment(ref _readers);
        try
        {
            // A reader that comes while nobody was reading starts from the state now, not from a frame of long ago.
            Frame frame = _frame.Last ? _frame : Frame.Of(_run, false);
            while (true)
            {
                Task next = _next.Task;
                await context.Response.Body.WriteAsync(frame.Bytes, gone).ConfigureAwait(false);
                await context.Response.Body.FlushAsync(gone).ConfigureAwait(false);
                if (frame.Last)
                    return;
                // A slow reader misses frames; none are kept.
                if (_frame.Version <= frame.Version && !_frame.Last)
                    await next.WaitAsync(gone).ConfigureAwait(false);
                frame = _frame;
            }
        }
        catch (OperationCanceledException)
        {
            // The browser is gone.
        }
        finally
        {
            Interlocked.Decrement(ref _readers);
        }
    }

    private static Task Refuse(HttpResponse response, int status, string why)
    {
        response.StatusCode = status;
        response.ContentType = "text/plain; charset=utf-8";
        return response.WriteAsync(why + "\n");
    }

    /// <summary>One event, ready to be sent to any number of readers.</summary>
    private sealed record Frame(long Version, byte[] Bytes, bool Last)
    {
        internal static Frame Of(LiveRun run, bool last)
        {
            // The version is read first: what changes between the two is sent once more with the next frame.
            long version = run.Version;
            return new Frame(version, [.. "data: "u8, .. run.Snapshot(), .. "\n\n"u8], last);
        }
    }
}
