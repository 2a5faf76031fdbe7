using LlmThrift.Metering;
using Microsoft.Extensions.AI;

namespace LlmThrift.Internal;

/// <summary>Asks a model that helps a stage, and bills it.</summary>
internal static class HelperModel
{
    /// <summary>Asks; throws what the client throws.</summary>
    /// <param name="client">The helper's client. One with a cost meter of its own keeps records of its own, under the tags of the call.</param>
    /// <param name="stage">The stage to which the cost is charged.</param>
    /// <param name="ledger">What the cost goes to; null for none.</param>
    /// <param name="messages">The question.</param>
    /// <param name="options">Options of the question; changed.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    public static async Task<ChatResponse> AskAsync(
        IChatClient client,
        string stage,
        CallContext? ledger,
        IReadOnlyList<ChatMessage> messages,
        ChatOptions options,
        CancellationToken cancellationToken
    )
    {
        if (ledger is not null && PipelineStage.IsIn(client, PipelineStage.Meter))
        {
            options.WithTenant(ledger.Tags.Tenant).WithFeature(ledger.Tags.Feature).WithUser(ledger.Tags.User);
            return await client.GetResponseAsync(messages, options, cancellationToken).ConfigureAwait(false);
        }

        if (ledger?.Meter is not { } meter)
        {
            return await client.GetResponseAsync(messages, options, cancellationToken).ConfigureAwait(false);
        }

        if (PipelineStage.IsIn(client, PipelineStage.Attempts))
        {
            var attempts = ledger.ForSharedWork();
            try
            {
                return await client
                    .GetResponseAsync(messages, CallOptions.From(options).With(attempts), cancellationToken)
                    .ConfigureAwait(false);
            }
            finally
            {
                attempts.ChargeTo(stage, 0, attempts.CountOfAttempts);
                ledger.Adopt(attempts);
            }
        }

        // Not disposed, for that would dispose the helper's client.
#pragma warning disable CA2000
        var metered = new CostMeterChatClient(client, meter, opensRecords: false, stage);
#pragma warning restore CA2000
        return await metered.GetResponseAsync(messages, CallOptions.From(options).With(ledger), cancellationToken).ConfigureAwait(false);
    }
}
