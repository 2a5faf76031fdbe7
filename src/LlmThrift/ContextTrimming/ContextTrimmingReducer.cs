using Microsoft.Extensions.AI;

namespace LlmThrift.ContextTrimming;

/// <summary>A <see cref="ContextTrimmer"/> where an <see cref="IChatReducer"/> is asked for, such as in <c>UseChatReducer()</c>. Thread-safe.</summary>
/// <param name="trimmer">What trims; shared, so that nothing is counted twice.</param>
/// <param name="modelId">The model that the messages go to, by which tokens are counted; null for an estimate.</param>
public sealed class ContextTrimmingReducer(ContextTrimmer trimmer, string? modelId = null) : IChatReducer
{
    private readonly ContextTrimmer _trimmer = trimmer ?? throw new ArgumentNullException(nameof(trimmer));

    /// <summary>Trims the messages to the budget.</summary>
    /// <param name="messages">The messages, enumerated once; they stay as they are.</param>
    /// <param name="cancellationToken">Cancels waiting for embeddings.</param>
    /// <returns>Those that are kept, in their order.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="messages"/> is null.</exception>
    public async Task<IEnumerable<ChatMessage>> ReduceAsync(IEnumerable<ChatMessage> messages, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(messages);
        IReadOnlyList<ChatMessage> list = [.. messages];
        var trimmed = await _trimmer.TrimAsync(list, modelId: modelId, cancellationToken: cancellationToken).ConfigureAwait(false);
        return trimmed.Messages;
    }
}
