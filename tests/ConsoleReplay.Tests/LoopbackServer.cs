using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace ConsoleReplay.Tests;

/// <summary>A server of chat completions on a free port of 127.0.0.1: gives one prepared answer and keeps the requests.</summary>
internal sealed class LoopbackServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<string, Reply> _answer;
    private readonly Task _running;

    public LoopbackServer(Func<string, Reply> answer)
    {
        _answer = answer;
        _listener.Start();
        _running = AcceptAsync();
    }

    public Uri Endpoint => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/v1");

    /// <summary>The bodies of the requests.</summary>
    public ConcurrentQueue<JsonElement> Requests { get; } = [];

    /// <summary>The first lines of the requests.</summary>
    public ConcurrentQueue<string> Paths { get; } = [];

    public static Reply Json(string body, int status = 200) => new(status, "application/json", body);

    /// <summary>A stream of server-sent events.</summary>
    public static Reply Stream(params string[] events) =>
        new(200, "text/event-stream", string.Concat(events.Append("[DONE]").Select(item => $"data: {item}\n\n")));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _listener.Stop();
        _stop.Dispose();
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
                connections.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException)
        {
            // Stopped.
        }

        await Task.WhenAll(connections);
    }

    private async Task ServeAsync(TcpClient connection)
    {
        try
        {
            using (connection)
            {
                await using var stream = connection.GetStream();
                using var reader = new StreamReader(stream, Encoding.Latin1);
                Paths.Enqueue(await reader.ReadLineAsync(_stop.Token) ?? "");
                var length = 0;
                while (await reader.ReadLineAsync(_stop.Token) is { Length: > 0 } header)
                {
                    if (header.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
                        length = int.Parse(header.AsSpan("Content-Length:".Length), CultureInfo.InvariantCulture);
                }

                var body = new char[length];
                await reader.ReadBlockAsync(body, _stop.Token);
                var text = Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(body));
                Requests.Enqueue(JsonElement.Parse(text));
                var reply = _answer(text);
                var bytes = Encoding.UTF8.GetBytes(reply.Body);
                await stream.WriteAsync(
                    Encoding.ASCII.GetBytes(
                        $"HTTP/1.1 {reply.Status} Status\r\nContent-Type: {reply.ContentType}\r\nContent-Length: {bytes.Length}\r\nConnection: close\r\n\r\n"
                    ),
                    _stop.Token
                );
                await stream.WriteAsync(bytes, _stop.Token);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // The client went away, or the test is over.
        }
    }

    internal sealed record Reply(int Status, string ContentType, string Body);
}
