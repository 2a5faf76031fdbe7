using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace LlmThrift.Tests.Engines;

/// <summary>A server on this machine that speaks one engine's dialect of OpenAI's chat completions. One request a connection.</summary>
internal sealed class EngineServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopped = new();
    private readonly EngineDialect _dialect;
    private readonly List<JsonNode> _requests = [];
    private readonly Task _serving;

    public EngineServer(EngineDialect dialect)
    {
        _dialect = dialect;
        _listener.Start();
        Endpoint = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/v1");
        _serving = ServeAsync();
    }

    public Uri Endpoint { get; }

    /// <summary>The bodies of the requests so far.</summary>
    public IReadOnlyList<JsonNode> Requests
    {
        get
        {
            lock (_requests)
            {
                return [.. _requests];
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        // The listener stops after the loop: it refuses to listen on, with another exception, when the loop comes round too late.
        await _stopped.CancelAsync();
        await _serving;
        _listener.Stop();
        _stopped.Dispose();
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            try
            {
                using var connection = await _listener.AcceptTcpClientAsync(_stopped.Token);
                await AnswerAsync(connection.GetStream(), _stopped.Token);
            }
            catch (IOException)
            {
                // The client left.
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException)
            {
                return;
            }
        }
    }

    private async Task AnswerAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var body = await ReadBodyAsync(stream, cancellationToken);
        var request = JsonNode.Parse(body)!;
        lock (_requests)
        {
            _requests.Add(request);
        }

        var isStreaming = request["stream"]?.GetValue<bool>() == true;
        var answer = isStreaming
            ? string.Concat(_dialect.Stream(request).Select(chunk => $"data: {chunk.ToJsonString()}\n\n")) + "data: [DONE]\n\n"
            : _dialect.Answer(request).ToJsonString();
        var bytes = Encoding.UTF8.GetBytes(answer);
        var head =
            $"HTTP/1.1 200 OK\r\nContent-Type: {(isStreaming ? "text/event-stream" : "application/json")}\r\nContent-Length: {bytes.Length}\r\nConnection: close\r\n\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head), cancellationToken);
        await stream.WriteAsync(bytes, cancellationToken);
    }

    private static async Task<string> ReadBodyAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var received = new List<byte>();
        var buffer = new byte[4096];
        while (true)
        {
            var read = await stream.ReadAsync(buffer, cancellationToken);
            if (read == 0)
            {
                throw new IOException("The request broke off.");
            }

            received.AddRange(buffer.AsSpan(0, read));
            var text = Encoding.UTF8.GetString([.. received]);
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end < 0)
            {
                continue;
            }

            // Headers are ASCII: positions in text and bytes are the same up to there.
            var length = text[..end]
                .Split("\r\n")
                .Select(line => line.Split(':', 2))
                .Where(parts => parts.Length == 2 && parts[0].Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
                .Select(parts => int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture))
                .Single();
            if (received.Count >= end + 4 + length)
            {
                return Encoding.UTF8.GetString([.. received.Skip(end + 4).Take(length)]);
            }
        }
    }
}
