using LlmThrift.Pricing;
using Microsoft.Extensions.AI;

namespace LlmThrift.Internal.Caching;

/// <summary>Turns what a provider answered into an answer that can be kept.</summary>
internal sealed class AnswerRecording(CacheState state, string? provider, string? defaultModel)
{
    /// <summary>The answer as it is kept, with what the call would have been billed as the app sent it; null when it cannot be replayed.</summary>
    public RecordedResponse? Record(
        ResponseRecorder recorder,
        IReadOnlyList<ChatMessage> messages,
        CallOptions call,
        CallContext ledger,
        DateTimeOffset requestedAt
    )
    {
        TokenUsage usage;
        bool isEstimated;
        var (answeredBy, model) = (provider, call.ModelId ?? defaultModel);
        if (ledger.Served is { } served)
        {
            // A stage further in gave the answer, and knows what it would have cost.
            (usage, isEstimated) = (served.AvoidedUsage, served.IsEstimated);
            (answeredBy, model) = (served.Provider, served.Model);
        }
        else if (ledger.LastAttemptAsSent() is { } attempt)
        {
            (usage, isEstimated) = (attempt.Usage, attempt.IsEstimated);
            model = attempt.Model ?? model;
        }
        else if (recorder.Usage is { InputTokenCount: not null, OutputTokenCount: not null } reported)
        {
            (usage, isEstimated) = (TokenUsage.FromUsageDetails(reported, provider), false);
            model = recorder.ModelId ?? model;
        }
        else
        {
            usage = new TokenUsage
            {
                InputTokens = state.Counter.CountRequest(messages, call, model).Tokens,
                OutputTokens = state.Counter.CountContents(recorder.Contents, model).Tokens,
            };
            isEstimated = true;
        }

        return recorder.Finish(usage, isEstimated, answeredBy, model, requestedAt, CacheDirectives.TagsOf(call.Context));
    }
}
