using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using LlmThrift.Internal.Caching;
using LlmThrift.Vectors;
using Microsoft.Extensions.AI;

namespace LlmThrift.SemanticCache;

/// <summary>Answers a question by the answer to another one, where both are believed to have the same.</summary>
internal sealed class SemanticCacheChatClient(IChatClient innerClient, SemanticCacheState state)
    : CachingChatClient<SemanticTrail?>(innerClient, state)
{
    /// <summary>Calls in shadow mode share requests among themselves only: what is shared with others may be a hit.</summary>
    private static readonly UInt128 ShadowKeys = new(0x5ead0c5ead0c5ead, 0x0c5ead0c5ead0c5e);

    public override Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        var list = MessageList.From(messages);
        var call = CallOptions.From(options);
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<ChatResponse>(cancellationToken);
        }

        if (!TryPrepare(list, call, out var key))
        {
            return base.GetResponseAsync(list, call, cancellationToken);
        }

        return UseOf(call.Context) == CacheUse.Refresh
            ? CallAsync(list, call, key, cancellationToken)
            : ShareAsync(list, call, key, cancellationToken);
    }

    public override IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        var list = MessageList.From(messages);
        var call = CallOptions.From(options);
        if (!TryPrepare(list, call, out var key))
        {
            return base.GetStreamingResponseAsync(list, call, cancellationToken);
        }

        return UseOf(call.Context) == CacheUse.Refresh
            ? CallStreamAsync(list, call, key, cancellationToken)
            : ShareStreamAsync(list, call, key, cancellationToken);
    }

    public override object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is null && serviceType == typeof(SemanticCacheManager)
            ? state.Manager
            : PipelineStage.Answer(CostStages.SemanticCache, serviceType, serviceKey) ?? base.GetService(serviceType, serviceKey);
    }

    protected override CacheUse UseOf(CallContext context) => SemanticCacheDirectives.AsUse(ModeOf(context));

    protected override async ValueTask<CacheLookUp<SemanticTrail?>> LookUpAsync(
        ChatMessage[] messages,
        CallOptions call,
        UInt128 key,
        CancellationToken cancellationToken
    )
    {
        if (TrailWithoutLookUp(messages, call, key) is not { } trail)
        {
            return default;
        }

        if (await VectorInTimeAsync(trail, call.Context, cancellationToken).ConfigureAwait(false) is not { } vector)
        {
            return new(null, null, trail);
        }

        try
        {
            trail.Candidates = state.FindCandidates(trail.ScopeKey, vector);
            var decision = state.Decide(trail.Candidates, trail.Question, vector);
            trail.Decision = decision;
            if (decision is not { Choice: ServingChoice.Serve, Entry: { } entry })
            {
                call.Context.Note(CostStages.SemanticCache, decision.Reason);
                return new(null, null, trail);
            }

            if (trail.IsShadow)
            {
                state.Shadow.AddHit();
                call.Context.Note(CostStages.SemanticCache, "shadow_hit");
                return new(null, null, trail);
            }

            var answer = entry.Group.Answer;
            var match = state.Hit(entry, answer, decision, trail.Candidates);
            call.Context.Note(CostStages.SemanticCache, decision.Reason);
            return new(answer.Response, answer.Response.AsServedBy(CostStages.SemanticCache, match), trail);
        }
        catch (Exception exception)
        {
            // A scorer of the app's own may fail. Nothing is learnt from what was not decided.
            state.Failures.Report("semantic cache decision", exception);
            call.Context.Note(CostStages.SemanticCache, "decision_failed", passedBy: true);
            trail.Decision = null;
            return new(null, null, trail);
        }
    }

    protected override SemanticTrail? TrailWithoutLookUp(IReadOnlyList<ChatMessage> messages, CallOptions call, UInt128 key) =>
        QuestionReader.TryRead(messages, state.Options.MaxQuestionLength, state.Options.EarlierTurns, out var question, out _)
        && Keys.StableWithoutQuestion(messages, call) is { } scopeKey
            ? new SemanticTrail(scopeKey, question) { IsShadow = ModeOf(call.Context) == SemanticCacheMode.Shadow }
            : null;

    /// <summary>An answer for another question must be text: a tool call's arguments are the question's own.</summary>
    protected override string? ObstacleToKeeping(RecordedResponse recorded)
    {
        var hasText = false;
        foreach (var message in recorded.Messages)
        {
            foreach (var content in message.Contents)
            {
                if (content.Kind == RecordedContentKind.Json)
                {
                    return "not_text_only";
                }

                hasText |= content.Kind == RecordedContentKind.Text && !string.IsNullOrWhiteSpace(content.Text);
            }
        }

        return hasText ? null : "empty_answer";
    }

    protected override bool KeepAtOnce(SemanticTrail? trail, RecordedResponse recorded, CallOptions call, UInt128 key)
    {
        if (trail is null)
        {
            return true;
        }

        try
        {
            if (trail.Vector is { } vector)
            {
                trail.Kept = state.Keep(trail, vector, recorded, call.Context);
            }
        }
        catch (Exception exception)
        {
            // The answer is there, and its callers get it, kept or not.
            state.Failures.Report("semantic cache", exception);
            return true;
        }

        // On another thread, and begun before the caller has its answer: who then asks whether all is done is not told so too early.
        state.LearnLater(trail, recorded, call.Context);
        return true;
    }

    protected override ValueTask KeepFurtherAsync(SemanticTrail? trail, RecordedResponse recorded, CallOptions call) =>
        ValueTask.CompletedTask;

    private SemanticCacheMode ModeOf(CallContext context) => SemanticCacheDirectives.ModeOf(context, state.Options.Mode);

    /// <summary>The key of a request that may be answered from the cache; false, with a note of the reason, when it may not.</summary>
    private bool TryPrepare(IReadOnlyList<ChatMessage> messages, CallOptions call, out UInt128 key)
    {
        ReportIfUnmetered(call);
        key = default;
        if (
            Keys.ReasonToPassBy(call, UseOf(call.Context)) is { } reason
            || !QuestionReader.TryRead(messages, state.Options.MaxQuestionLength, state.Options.EarlierTurns, out _, out reason)
            || !Keys.TryCompute(messages, call, out key, out reason)
        )
        {
            call.Context.Note(CostStages.SemanticCache, reason, passedBy: true);
            return false;
        }

        if (ModeOf(call.Context) == SemanticCacheMode.Shadow)
        {
            key ^= ShadowKeys;
        }

        return true;
    }

    /// <summary>The question's vector, if it comes within the time that a call may lose over it.</summary>
    private async ValueTask<float[]?> VectorInTimeAsync(SemanticTrail trail, CallContext context, CancellationToken cancellationToken)
    {
        EmbeddedText embedded;
        var embedding = trail.Embedding = state.Embedder.Begin(trail.Question);
        try
        {
            embedded = await embedding.WaitAsync(state.Options.EmbeddingTimeout, state.Clock, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException exception)
        {
            state.Failures.Report("embedding generator", exception);
            context.Note(CostStages.SemanticCache, "embedder_timeout", passedBy: true);
            trail.IsEmbeddingBilled = true;
            state.BillLater(embedding, context);
            return null;
        }
        catch (OperationCanceledException)
        {
            // Nobody waits for the answer any more; what was begun is billed all the same.
            state.BillLater(embedding, context);
            throw;
        }

        trail.IsEmbeddingBilled = true;
        state.Embedder.Bill(embedded, context);
        state.Embedder.Share(context, embedded);
        if (embedded.Problem is { } problem)
        {
            context.Note(CostStages.SemanticCache, problem, passedBy: true);
        }

        return trail.Vector = embedded.Vector;
    }
}
