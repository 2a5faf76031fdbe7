using System.Runtime.CompilerServices;
using ConsoleReplay.Traffic;
using Microsoft.Extensions.AI;

namespace ConsoleReplay.Recorded;

/// <summary>
/// A provider that answers from records instead of a network: the same request gets the same answer, usage and latency, streamed or not.
/// Safe for concurrent use.
/// </summary>
/// <remarks>
/// The latency follows <see cref="LatencyModel"/> and is divided by a factor, so that a replay of hours takes seconds. A limit on output
/// tokens cuts the answer off with <see cref="ChatFinishReason.Length"/>, as a model's would be.
/// </remarks>
internal sealed class RecordedChatClient : IChatClient
{
    /// <summary>Shorter waits are made up for later: a timer is no more exact than this.</summary>
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(2);

    private readonly IAnswerSource _answers;
    private readonly string _defaultModelId;
    private readonly double _speed;
    private readonly TimeProvider _time;
    private readonly ChatClientMetadata _metadata;

    /// <param name="answers">The answers.</param>
    /// <param name="defaultModelId">The model of calls that name none.</param>
    /// <param name="speed">How much faster than on a real clock: 1 is real time, infinity does not wait.</param>
    /// <param name="time">The clock to wait by.</param>
    public RecordedChatClient(IAnswerSource answers, string defaultModelId, double speed, TimeProvider time)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(speed);
        _answers = answers;
        _defaultModelId = defaultModelId;
        _speed = speed;
        _time = time;
        _metadata = new ChatClientMetadata("openai", new Uri("https://api.openai.com/v1"), defaultModelId);
    }

    /// <summary>What the provider would take for this call on a real clock. Uses up a turn of the answers.</summary>
    public CallLatency LatencyOf(ReplayCall call) => Prepare(call.Messages, call.Options).Latency;

    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(messages);
        cancellationToken.ThrowIfCancellationRequested();
        var reply = Prepare([.. messages], options);
        await WaitUntilAsync(_time.GetTimestamp(), reply.Latency.ToLastToken / _speed, TimeSpan.Zero, cancellationToken);
        return new ChatResponse(new ChatMessage(ChatRole.Assistant, [.. reply.Contents]) { MessageId = reply.Id })
        {
            ResponseId = reply.Id,
            ModelId = reply.ModelId,
            CreatedAt = _time.GetUtcNow(),
            FinishReason = reply.FinishReason,
            Usage = reply.Usage,
        };
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(messages);
        cancellationToken.ThrowIfCancellationRequested();
        var reply = Prepare([.. messages], options);
        var started = _time.GetTimestamp();
        var first = reply.Latency.ToFirstToken / _speed;
        var pieces = PiecesOf(reply.Contents);
        var step = (reply.Latency.ToLastToken / _speed - first) / Math.Max(1, pieces.Count);
        await WaitUntilAsync(started, first, TimeSpan.Zero, cancellationToken);
        for (var index = 0; index < pieces.Count; index++)
        {
            await WaitUntilAsync(started, first + (step * index), ShortestWait, cancellationToken);
            yield return Update([pieces[index]]);
        }

        await WaitUntilAsync(started, reply.Latency.ToLastToken / _speed, TimeSpan.Zero, cancellationToken);
        var last = Update([]);
        last.FinishReason = reply.FinishReason;
        yield return last;
        yield return Update([new UsageContent(reply.Usage)]);

        ChatResponseUpdate Update(IList<AIContent> contents) =>
            new(ChatRole.Assistant, contents)
            {
                ResponseId = reply.Id,
                MessageId = reply.Id,
                ModelId = reply.ModelId,
                CreatedAt = _time.GetUtcNow(),
            };
    }

    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(ChatClientMetadata) ? _metadata
            : serviceType.IsInstanceOfType(this) ? this
            : null;
    }

    public void Dispose()
    {
        // Nothing is held.
    }

    private Reply Prepare(IReadOnlyList<ChatMessage> messages, ChatOptions? options)
    {
        var answer = _answers.Find(messages, options);
        var modelId = options?.ModelId ?? _defaultModelId;
        var key = RequestKey.OfMessages(messages, modelId);
        var (contents, finishReason) = Limit(answer, options?.MaxOutputTokens, modelId);
        var output = Tokens.OfContents(contents, modelId);
        var usage =
            answer.Usage is { } recorded && ReferenceEquals(contents, answer.Message.Contents)
                ? recorded
                : Count(messages, options, modelId, output);
        return new Reply(
            $"chatcmpl-replay-{key.High:x16}",
            contents,
            finishReason,
            usage,
            answer.ModelId ?? modelId,
            LatencyModel.Of(usage.InputTokenCount ?? 0, usage.OutputTokenCount ?? output, key.Low)
        );
    }

    private static UsageDetails Count(IReadOnlyList<ChatMessage> messages, ChatOptions? options, string modelId, int output)
    {
        var input = Tokens.OfRequest(messages, options, modelId);
        return new UsageDetails
        {
            InputTokenCount = input,
            OutputTokenCount = output,
            TotalTokenCount = input + output,
        };
    }

    private static (IList<AIContent> Contents, ChatFinishReason FinishReason) Limit(RecordedAnswer answer, int? limit, string modelId)
    {
        var contents = answer.Message.Contents;
        var recorded = answer.Usage?.OutputTokenCount ?? Tokens.OfContents(answer.Message.Contents, modelId);
        if (limit is not { } most || recorded <= most || contents is not [TextContent text])
            return (contents, answer.FinishReason);

        // The longest run of pieces within the limit, by halving: the count grows with the text.
        var chunks = TokenChunks.Split(text.Text);
        var (fits, tooMany) = (0, chunks.Count);
        while (tooMany - fits > 1)
        {
            var middle = (fits + tooMany) / 2;
            if (Tokens.OfText(string.Concat(chunks.Take(middle)), modelId) <= most)
                fits = middle;
            else
                tooMany = middle;
        }

        return ([new TextContent(string.Concat(chunks.Take(fits)))], ChatFinishReason.Length);
    }

    private static List<AIContent> PiecesOf(IList<AIContent> contents)
    {
        var pieces = new List<AIContent>();
        foreach (var content in contents)
        {
            if (content is TextContent text)
                pieces.AddRange(TokenChunks.Split(text.Text).Select(chunk => new TextContent(chunk)));
            else
                pieces.Add(content);
        }

        return pieces;
    }

    private async ValueTask WaitUntilAsync(long started, TimeSpan due, TimeSpan atLeast, CancellationToken cancellationToken)
    {
        var left = due - _time.GetElapsedTime(started);
        if (left > atLeast)
            await Task.Delay(left, _time, cancellationToken);
        else
            cancellationToken.ThrowIfCancellationRequested();
    }

    private sealed record Reply(
        string Id,
        IList<AIContent> Contents,
        ChatFinishReason FinishReason,
        UsageDetails Usage,
        string ModelId,
        CallLatency Latency
    );
}
