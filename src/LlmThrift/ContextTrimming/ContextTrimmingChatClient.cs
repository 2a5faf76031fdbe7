using System.Runtime.CompilerServices;
using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using Microsoft.Extensions.AI;

namespace LlmThrift.ContextTrimming;

/// <summary>Sends what a <see cref="ContextTrimmer"/> keeps, and writes down what was left out.</summary>
internal sealed class ContextTrimmingChatClient(IChatClient innerClient, ContextTrimmer trimmer) : DelegatingChatClient(innerClient)
{
    private readonly ChatClientMetadata? _metadata = innerClient.GetService<ChatClientMetadata>();

    public override async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        var (kept, call) = await TrimAsync(messages, options, cancellationToken).ConfigureAwait(false);
        return await base.GetResponseAsync(kept, call, cancellationToken).ConfigureAwait(false);
    }

    public override IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(messages);
        return StreamAsync(messages, options, cancellationToken);
    }

    public override object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is null && serviceType == typeof(ContextTrimmer)
            ? trimmer
            : PipelineStage.Answer(CostStages.ContextTrimming, serviceType, serviceKey) ?? base.GetService(serviceType, serviceKey);
    }

    private async IAsyncEnumerable<ChatResponseUpdate> StreamAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var (kept, call) = await TrimAsync(messages, options, cancellationToken).ConfigureAwait(false);
        await foreach (var update in base.GetStreamingResponseAsync(kept, call, cancellationToken).ConfigureAwait(false))
        {
            yield return update;
        }
    }

    private async ValueTask<(IReadOnlyList<ChatMessage> Messages, CallOptions Call)> TrimAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options,
        CancellationToken cancellationToken
    )
    {
        var list = MessageList.From(messages);
        var call = CallOptions.From(options);
        if (call.ConversationId is not null)
        {
            // The provider keeps the earlier messages: what is here is new.
            call.Context.Note(CostStages.ContextTrimming, "conversation_id", passedBy: true);
            return (list, call);
        }

        try
        {
            var model = call.ModelId ?? _metadata?.DefaultModelId;
            var trimmed = await trimmer.TrimAsync(list, call, model, _metadata?.ProviderName, cancellationToken).ConfigureAwait(false);
            var removed = trimmed.TokensBefore - trimmed.TokensAfter;
            if (removed > 0)
            {
                call.Context.Add(new StageStep(CostStages.ContextTrimming, RemovedInputTokens: removed));
            }

            if (trimmed.Outcome != TrimOutcome.WithinBudget)
            {
                call.Context.Note(CostStages.ContextTrimming, NameOf(trimmed.Outcome), passedBy: removed <= 0);
            }

            return (trimmed.Messages, call);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            trimmer.Failures.Report("context trimming", exception);
            call.Context.Note(CostStages.ContextTrimming, "trimming_failed", passedBy: true);
            return (list, call);
        }
    }

    private static string NameOf(TrimOutcome outcome) =>
        outcome switch
        {
            TrimOutcome.Trimmed => "trimmed",
            TrimOutcome.KeptStable => "kept_stable",
            TrimOutcome.Refused => "refused",
            _ => "pinned_over_budget",
        };
}
