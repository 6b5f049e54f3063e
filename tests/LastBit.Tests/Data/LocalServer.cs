using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace LastBit.Tests.Data;

/// <summary>What was asked of a <see cref="LocalServer"/>.</summary>
/// <param name="Path">The path of the address.</param>
/// <param name="From">The first byte of the range that was asked for, if one was.</param>
internal sealed record Request(string Path, long? From);

/// <summary>A web server on this machine that does what a test tells it to, wrong things included; one request a connection.</summary>
internal sealed class LocalServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Action<Request, Stream> _answer;

    public LocalServer(Action<Request, Stream> answer)
    {
        _answer = answer;
        _listener.Start();
        _ = Task.Run(Accept);
    }

    /// <summary>Serves files by path as a good server does: ranges honoured, 404 for the rest.</summary>
    public LocalServer(IReadOnlyDictionary<string, byte[]> files)
        : this((request, stream) =>
        {
            if (files.TryGetValue(request.Path, out byte[]? content))
                SendWithRanges(request, stream, content);
            else
                Send(stream, "404 Not Found", [], "");
        })
    {
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    public ConcurrentQueue<Request> Requests { get; } = new();

    public static void SendWithRanges(Request request, Stream stream, byte[] content)
    {
        if (request.From is not long from)
            Send(stream, "200 OK", content, $"Content-Length: {content.Length}\r\n");
        else if (from < content.Length)
        {
            Send(stream, "206 Partial Content", content.AsSpan((int)from),
                $"Content-Length: {content.Length - from}\r\nContent-Range: bytes {from}-{content.Length - 1}/{content.Length}\r\n");
        }
        else
            Send(stream, "416 Range Not Satisfiable", [], $"Content-Length: 0\r\nContent-Range: bytes */{content.Length}\r\n");
    }

    /// <summary>Sends a head and a body; if the head promises more than the body has, the connection breaks off in the middle.</summary>
    public static void Send(Stream stream, string status, ReadOnlySpan<byte> body, string headers)
    {
        stream.Write(Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nConnection: close\r\n{headers}\r\n"));
        stream.Write(body);
    }

    public void Dispose() => _listener.Dispose();

    private async Task Accept()
    {
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync();
                new Thread(() => Serve(client))
                { IsBackground = true }.Start(); // Some answers wait; they must not keep the pool from its work.
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The end of the test.
        }
    }

    private void Serve(TcpClient client)
    {
        using (client)
        {
            try
            {
                Stream stream = client.GetStream();
                using var reader = new StreamReader(stream, Encoding.ASCII, false, 1024, leaveOpen: true);
                string path = reader.ReadLine()!.Split(' ')[1];
                long? from = null;
                for (string? line = reader.ReadLine(); line is { Length: > 0 }; line = reader.ReadLine())
                {
                    if (line.StartsWith("Range: bytes=", StringComparison.OrdinalIgnoreCase))
                        from = long.Parse(line[13..].TrimEnd('-'), System.Globalization.CultureInfo.InvariantCulture);
                }
                var request = new Request(path, from);
                Requests.Enqueue(request);
                _answer(request, stream);
            }
            catch (IOException)
            {
                // The other side has gone.
            }
        }
    }
}
