using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using LlmThrift.Pricing;
using Microsoft.Extensions.AI;

namespace LlmThrift.ExactCache;

/// <summary>Finds answers in stores outside of this process, records new ones, and stores them.</summary>
internal sealed class AnswerKeeper(ExactCacheState state, CacheKeys keys, string? provider, string? defaultModel)
{
    /// <summary>Stores the answer of a call that is shared with nobody.</summary>
    public async ValueTask KeepAsync(
        ResponseRecorder recorder,
        IReadOnlyList<ChatMessage> messages,
        CallOptions call,
        UInt128 key,
        DateTimeOffset requestedAt
    )
    {
        if (
            !IsToStore(recorder, call.Context, call.Context)
            || Record(recorder, messages, call, call.Context, requestedAt) is not { } recorded
        )
        {
            return;
        }

        var expiration = ExactCacheDirectives.ExpirationOf(call.Context) ?? state.Expiration;
        state.Store.Set(key, recorded, expiration);
        if (state.Store.IsAsynchronous && keys.Stable(messages, call) is { } stableKey)
        {
            await StoreAsync(stableKey, recorded, expiration).ConfigureAwait(false);
        }
    }

    /// <summary>Looks outside of this process, and once more in it; the stable key comes back for storing.</summary>
    public async ValueTask<(RecordedResponse? Response, string? StableKey)> LookUpAsync(
        ChatMessage[] messages,
        CallOptions call,
        UInt128 key,
        CancellationToken cancellationToken
    )
    {
        // An identical flight may have landed between this caller's first look and its own take-off.
        if (state.Store.TryGet(key, out var stored))
        {
            return (stored, null);
        }

        if (!state.Store.IsAsynchronous)
        {
            return (null, null);
        }

        var stableKey = keys.Stable(messages, call);
        if (stableKey is null)
        {
            return (null, null);
        }

        try
        {
            var reading = state.Store.GetAsync(key, stableKey, cancellationToken).AsTask();
            return (await reading.WaitAsync(state.StoreTimeout, state.Clock, cancellationToken).ConfigureAwait(false), stableKey);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            state.Failures.Report("exact cache store (read)", exception);
            return (null, stableKey);
        }
    }

    public async ValueTask StoreAsync(string stableKey, RecordedResponse recorded, TimeSpan expiration)
    {
        try
        {
            // Not cancelled with the call: the answer is paid for.
            var writing = state.Store.SetAsync(stableKey, recorded, expiration, CancellationToken.None).AsTask();
            await writing.WaitAsync(state.StoreTimeout, state.Clock).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            state.Failures.Report("exact cache store (write)", exception);
        }
    }

    /// <summary>Whether the answer is whole and may be stored; if not, the reason is noted.</summary>
    public static bool IsToStore(ResponseRecorder recorder, CallContext call, CallContext ledger)
    {
        if (ExactCacheDirectives.ModeOf(call) == ExactCacheMode.ReadOnly)
        {
            return false;
        }

        var obstacle = recorder.ObstacleToStoring();
        if (obstacle is not null)
        {
            ledger.Note(CostStages.ExactCache, "not_stored_" + obstacle, passedBy: true);
        }

        return obstacle is null;
    }

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
        var model = call.ModelId ?? defaultModel;
        if (ledger.LastAttemptAsSent() is { } attempt)
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

        return recorder.Finish(usage, isEstimated, provider, model, requestedAt, ExactCacheDirectives.TagsOf(call.Context));
    }
}
