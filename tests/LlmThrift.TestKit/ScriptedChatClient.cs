using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace LlmThrift.TestKit;

/// <summary>A provider that answers as told, and remembers what it was asked.</summary>
public sealed class ScriptedChatClient(Func<IReadOnlyList<ChatMessage>, ChatOptions?, ScriptedAnswer> script) : IChatClient
{
    private int _calls;
    private int _disposals;
    private int _openStreams;

    public ScriptedChatClient(ScriptedAnswer? answer = null)
        : this((_, _) => answer ?? new ScriptedAnswer()) { }

    public ChatClientMetadata Metadata { get; init; } = new("openai", new Uri("https://localhost/v1"), "gpt-4o");

    /// <summary>Requests that arrived, streams included.</summary>
    public int Calls => Volatile.Read(ref _calls);

    public int Disposals => Volatile.Read(ref _disposals);

    /// <summary>Streams that were begun and neither ended nor disposed.</summary>
    public int OpenStreams => Volatile.Read(ref _openStreams);

    public ConcurrentQueue<(IReadOnlyList<ChatMessage> Messages, ChatOptions? Options, CancellationToken Token)> Requests { get; } = new();

    public static ScriptedChatClient Echo() =>
        new((messages, _) => ScriptedAnswer.Saying("You said: ", messages[^1].Text, " - and that is that."));

    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        var answer = Begin(messages, options, cancellationToken);
        await Task.Yield();
        if (answer.Gate is { } gate)
        {
            await gate.WaitAsync(cancellationToken);
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (answer.Failure is { } failure)
        {
            throw failure;
        }

        return new ChatResponse(
            new ChatMessage(ChatRole.Assistant, [new TextContent(answer.Text), .. answer.MoreContents]) { MessageId = "message-1" }
        )
        {
            ResponseId = "response-1",
            ModelId = answer.ModelId,
            FinishReason = answer.FinishReason,
            Usage = answer.Usage,
        };
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        var answer = Begin(messages, options, cancellationToken);
        Interlocked.Increment(ref _openStreams);
        try
        {
            await Task.Yield();
            if (answer.Gate is { } gate)
            {
                await gate.WaitAsync(cancellationToken);
            }

            for (var index = 0; index < answer.Chunks.Count; index++)
            {
                ThrowIfDue(answer, index);
                cancellationToken.ThrowIfCancellationRequested();
                yield return Update(answer, new TextContent(answer.Chunks[index]));
                if (index == 0 && answer.GateAfterFirstChunk is { } second)
                {
                    await second.WaitAsync(cancellationToken);
                }
            }

            ThrowIfDue(answer, answer.Chunks.Count);
            foreach (var content in answer.MoreContents)
            {
                yield return Update(answer, content);
            }

            var end = Update(answer, answer.Usage is { } usage ? new UsageContent(usage) : null);
            end.FinishReason = answer.FinishReason;
            yield return end;
        }
        finally
        {
            Interlocked.Decrement(ref _openStreams);
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(ChatClientMetadata) ? Metadata
        : serviceType.IsInstanceOfType(this) ? this
        : null;

    public void Dispose() => Interlocked.Increment(ref _disposals);

    private ScriptedAnswer Begin(IEnumerable<ChatMessage> messages, ChatOptions? options, CancellationToken cancellationToken)
    {
        ChatMessage[] list = [.. messages];
        Interlocked.Increment(ref _calls);
        Requests.Enqueue((list, options, cancellationToken));
        return script(list, options);
    }

    private static void ThrowIfDue(ScriptedAnswer answer, int chunks)
    {
        if (answer.Failure is { } failure && answer.FailAfterChunks == chunks)
        {
            throw failure;
        }
    }

    private static ChatResponseUpdate Update(ScriptedAnswer answer, AIContent? content) =>
        new(ChatRole.Assistant, content is null ? [] : [content])
        {
            MessageId = "message-1",
            ResponseId = "response-1",
            ModelId = answer.ModelId,
        };
}
