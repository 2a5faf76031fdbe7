using System.Diagnostics;
using Microsoft.Extensions.AI;

namespace LlmThrift.Evaluation.Traces;

/// <summary>A provider that takes its time, and says how much of a call's time was its own.</summary>
/// <param name="latency">The time of an answer of so many tokens.</param>
internal sealed class TrafficProvider(Func<int, TimeSpan> latency) : IChatClient
{
    private static readonly ChatClientMetadata Metadata = new("openai", new Uri("https://localhost/v1"), "gpt-4o");

    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        var call = TrafficCall.Of(messages);
        call.Entered = Stopwatch.GetTimestamp();
        await Task.Delay(latency(call.OutputTokens), cancellationToken).ConfigureAwait(false);
        var response = new ChatResponse(new ChatMessage(ChatRole.Assistant, "This is the answer to the question."))
        {
            ModelId = options?.ModelId ?? "gpt-4o",
            FinishReason = ChatFinishReason.Stop,
            Usage = new UsageDetails
            {
                InputTokenCount = call.InputTokens,
                OutputTokenCount = Math.Min(call.OutputTokens, options?.MaxOutputTokens ?? int.MaxValue),
            },
        };
        call.Left = Stopwatch.GetTimestamp();
        return response;
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        foreach (var update in (await GetResponseAsync(messages, options, cancellationToken).ConfigureAwait(false)).ToChatResponseUpdates())
        {
            yield return update;
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is null && serviceType == typeof(ChatClientMetadata) ? Metadata : null;

    public void Dispose() { }
}
