using System.Globalization;
using System.Text.Json;
using ConsoleReplay.Recorded;

namespace ConsoleReplay.Logs;

/// <summary>
/// Reads a log of chat completions calls in OpenAI's request format, one JSON object a line (JSONL). A line is
/// <list type="bullet">
/// <item>a request body: <c>{"model", "messages", …}</c>, with a <c>"response"</c> or <c>"usage"</c> beside its fields if the log has them;</item>
/// <item>a line of a batch file: <c>{"custom_id", "method", "url", "body"}</c>, with or without the batch's <c>"response"</c>;</item>
/// <item>a pair <c>{"request", "response"}</c>.</item>
/// </list>
/// A line that cannot be read becomes a <see cref="LogProblem"/>, and reading goes on.
/// </summary>
internal sealed class TrafficLogReader
{
    private readonly string? _modelId;
    private readonly bool _stream;

    /// <param name="modelId">The model to replay all calls with; null keeps the model of each line.</param>
    /// <param name="stream">Whether to ask for streams even where the log did not.</param>
    public TrafficLogReader(string? modelId = null, bool stream = false)
    {
        _modelId = modelId;
        _stream = stream;
    }

    /// <summary>Reads all lines.</summary>
    /// <param name="reader">The log.</param>
    /// <param name="name">Its name, for problems.</param>
    /// <param name="limit">The most calls to read.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public async Task<TrafficLog> ReadAsync(
        TextReader reader,
        string name,
        int limit = int.MaxValue,
        CancellationToken cancellationToken = default
    )
    {
        var calls = new List<LoggedCall>();
        var problems = new List<LogProblem>();
        var number = 0;
        while (calls.Count < limit && await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            number++;
            if (string.IsNullOrWhiteSpace(line))
                continue;

            try
            {
                calls.Add(ReadLine(line, number));
            }
            catch (TrafficFormatException problem)
            {
                problems.Add(new LogProblem(name, number, problem.Message));
            }
            catch (InvalidOperationException)
            {
                // JSON allows it; a text cannot hold it.
                problems.Add(
                    new LogProblem(name, number, "a text holds half of a surrogate pair, such as \\ud83d alone; take the escape away")
                );
            }
        }

        return new TrafficLog { Calls = calls, Problems = problems };
    }

    private LoggedCall ReadLine(string line, int number)
    {
        using var document = Parse(line);
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new TrafficFormatException(
                root.ValueKind == JsonValueKind.Array
                    ? "the line is a JSON array; write one request a line, for example with: jq -c '.[]' log.json > log.jsonl"
                    : $"the line is {JsonFields.Describe(root.ValueKind)}; it must be a JSON object: a chat completions request"
            );
        }

        var body = FindBody(root);
        var call = new ChatRequestParser(_modelId, _stream).Parse(body);
        var answer = FindAnswer(root);
        return new LoggedCall(
            number,
            call with
            {
                Feature = call.Feature ?? root.TextField("feature"),
                Tenant = call.Tenant ?? root.TextField("tenant"),
            },
            // Replayed as another model, the answer is that model's.
            _modelId is null
                ? answer
                : answer?.ByAskedModel()
        );
    }

    private static JsonDocument Parse(string line)
    {
        try
        {
            return JsonDocument.Parse(line);
        }
        catch (JsonException broken)
        {
            // The exception's own message may quote the line.
            var column = (broken.BytePositionInLine ?? 0) + 1;
            var trimmed = line.AsSpan().Trim();
            var hint =
                trimmed is "[" or "{" or "]" or "}" or "]," or "},"
                    ? "the file looks like JSON over several lines; write one request a line, for example with: jq -c '.[]' log.json > log.jsonl"
                : trimmed.EndsWith(",") ? "take away the comma at the end; a line is one JSON object"
                : "each line must be one whole JSON object; look for a missing quote or brace, or a line break within a text";
            throw new TrafficFormatException(
                string.Create(CultureInfo.InvariantCulture, $"not valid JSON at column {column}: {hint}"),
                broken
            );
        }
    }

    private static JsonElement FindBody(JsonElement root)
    {
        if (root.Field("messages") is not null)
            return root;

        var body = root.ObjectField("body") ?? root.ObjectField("request");
        if (
            body is not null
            && root.TextField("url") is { } url
            && !url.TrimEnd('/').EndsWith("/chat/completions", StringComparison.Ordinal)
        )
            throw new TrafficFormatException("\"url\" is not that of chat completions; only calls of /v1/chat/completions can be replayed");

        var request = body ?? root;
        if (request.Field("messages") is not null)
            return request;

        throw new TrafficFormatException(
            request.Field("input") is not null
                ? "the line is a Responses or embeddings request (it has \"input\"); only chat completions requests, with \"messages\", can be replayed"
            : request.Field("prompt") is not null
                ? "the line is a text completions request (it has \"prompt\"); put the prompt into \"messages\": [{\"role\": \"user\", \"content\": …}]"
            : body is null && (root.Field("response") ?? root.Field("choices")) is not null
                ? "the line holds a response without its request; join it with the line of the input file that has the same \"custom_id\""
            : "\"messages\" is missing; a line is a chat completions request: {\"model\": …, \"messages\": [{\"role\": …, \"content\": …}]}"
        );
    }

    private static RecordedAnswer? FindAnswer(JsonElement root)
    {
        if (root.Field("error") is not null)
            throw new TrafficFormatException(
                "the recorded call failed (it has \"error\"); take the line away, or the error when the request is to be replayed"
            );

        var usage = root.ObjectField("usage");
        if (root.Field("response") is not { } response)
            return root.Field("choices") is not null ? ChatResponseParser.Parse(root, usage)
                : usage is { } bare ? ChatResponseParser.FromUsage(bare)
                : null;

        if (response.ValueKind == JsonValueKind.Object && response.Field("body") is { } body)
        {
            if (response.WholeField("status_code") is { } status and not 200)
                throw new TrafficFormatException(
                    string.Create(CultureInfo.InvariantCulture, $"the recorded call failed with status {status}; take the line away")
                );
            response = body;
        }

        return ChatResponseParser.Parse(response, usage);
    }
}
