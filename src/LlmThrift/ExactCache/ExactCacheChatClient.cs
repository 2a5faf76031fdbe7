using System.Runtime.CompilerServices;
using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using LlmThrift.Internal.Caching;
using Microsoft.Extensions.AI;

namespace LlmThrift.ExactCache;

/// <summary>Answers a request that was answered before, and lets identical requests under way share one call to the provider.</summary>
/// <remarks>The trail of a look-up is the request's stable key; null when nothing outside of this process is asked.</remarks>
internal sealed class ExactCacheChatClient(IChatClient innerClient, ExactCacheState state) : CachingChatClient<string?>(innerClient, state)
{
    private readonly IResponseStore _store = state.Store;

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

        ReportIfUnmetered(call);
        var use = UseOf(call.Context);
        if (Keys.ReasonToPassBy(call, use) is { } reason || !Keys.TryCompute(list, call, out var key, out reason))
        {
            call.Context.Note(CostStages.ExactCache, reason, passedBy: true);
            return base.GetResponseAsync(list, call, cancellationToken);
        }

        if (use == CacheUse.Refresh)
        {
            return CallAsync(list, call, key, cancellationToken);
        }

        return _store.TryGet(key, out var stored)
            ? Task.FromResult(Serve(stored, stored.AsServedBy(CostStages.ExactCache), call.Context))
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
        ReportIfUnmetered(call);
        var use = UseOf(call.Context);
        if (Keys.ReasonToPassBy(call, use) is { } reason || !Keys.TryCompute(list, call, out var key, out reason))
        {
            call.Context.Note(CostStages.ExactCache, reason, passedBy: true);
            return base.GetStreamingResponseAsync(list, call, cancellationToken);
        }

        return use == CacheUse.Refresh
            ? CallStreamAsync(list, call, key, cancellationToken)
            : ServeOrShareStreamAsync(list, call, key, cancellationToken);
    }

    public override object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is null && serviceType == typeof(ExactCacheManager)
            ? state.Manager
            : PipelineStage.Answer(CostStages.ExactCache, serviceType, serviceKey) ?? base.GetService(serviceType, serviceKey);
    }

    /// <summary>Looks outside of this process, and once more in it.</summary>
    protected override async ValueTask<CacheLookUp<string?>> LookUpAsync(
        ChatMessage[] messages,
        CallOptions call,
        UInt128 key,
        CancellationToken cancellationToken
    )
    {
        // An identical flight may have landed between this caller's first look and its own take-off.
        if (_store.TryGet(key, out var stored))
        {
            return new(stored, stored.AsServedBy(CostStages.ExactCache), null);
        }

        if (TrailWithoutLookUp(messages, call, key) is not { } stableKey)
        {
            return default;
        }

        if (!state.StoreRest.MayTry())
        {
            return new(null, null, stableKey);
        }

        var since = state.Clock.GetTimestamp();
        try
        {
            var reading = _store.GetAsync(key, stableKey, cancellationToken).AsTask();
            var found = await reading.WaitAsync(state.StoreTimeout, state.Clock, cancellationToken).ConfigureAwait(false);
            state.StoreRest.Succeeded();
            return new(found, found?.AsServedBy(CostStages.ExactCache), stableKey);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            state.StoreRest.Failed(since);
            state.Failures.Report("exact cache store (read)", exception);
            return new(null, null, stableKey);
        }
    }

    protected override string? TrailWithoutLookUp(IReadOnlyList<ChatMessage> messages, CallOptions call, UInt128 key) =>
        _store.IsAsynchronous ? Keys.Stable(messages, call) : null;

    protected override CacheUse UseOf(CallContext context) => CacheDirectives.UseOf(context);

    protected override string? ObstacleToKeeping(RecordedResponse recorded) => null;

    protected override bool KeepAtOnce(string? trail, RecordedResponse recorded, CallOptions call, UInt128 key) =>
        _store.TrySet(key, recorded, ExpirationOf(call));

    protected override async ValueTask KeepFurtherAsync(string? trail, RecordedResponse recorded, CallOptions call)
    {
        if (trail is null || !state.StoreRest.MayTry())
        {
            return;
        }

        var since = state.Clock.GetTimestamp();
        try
        {
            // Not cancelled with the call: the answer is paid for.
            var writing = _store.SetAsync(trail, recorded, ExpirationOf(call), CancellationToken.None).AsTask();
            await writing.WaitAsync(state.StoreTimeout, state.Clock).ConfigureAwait(false);
            state.StoreRest.Succeeded();
        }
        catch (Exception exception)
        {
            state.StoreRest.Failed(since);
            state.Failures.Report("exact cache store (write)", exception);
        }
    }

    private TimeSpan ExpirationOf(CallOptions call) => CacheDirectives.ExpirationOf(call.Context) ?? state.Expiration;

    private async IAsyncEnumerable<ChatResponseUpdate> ServeOrShareStreamAsync(
        IReadOnlyList<ChatMessage> messages,
        CallOptions call,
        UInt128 key,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_store.TryGet(key, out var stored))
        {
            call.Context.ServeFrom(stored.AsServedBy(CostStages.ExactCache));
            foreach (var update in stored.ToUpdates())
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return update;
            }

            yield break;
        }

        await foreach (var update in ShareStreamAsync(messages, call, key, cancellationToken).ConfigureAwait(false))
        {
            yield return update;
        }
    }
}
