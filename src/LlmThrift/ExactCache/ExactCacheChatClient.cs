using System.Runtime.CompilerServices;
using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace LlmThrift.ExactCache;

/// <summary>Answers a request that was answered before, and lets identical requests under way share one call to the provider.</summary>
internal sealed class ExactCacheChatClient : DelegatingChatClient
{
    private readonly ExactCacheState _state;
    private readonly IResponseStore _store;
    private readonly CacheKeys _keys;
    private readonly AnswerKeeper _keeper;
    private ILogger? _reportsUnmetered;

    public ExactCacheChatClient(IChatClient innerClient, ExactCacheState state)
        : base(innerClient)
    {
        _state = state;
        _store = state.Store;
        _reportsUnmetered = PipelineStage.IsIn(innerClient, PipelineStage.Meter) ? state.Logger : null;
        var metadata = innerClient.GetService<ChatClientMetadata>();
        _keys = new CacheKeys(state, $"{metadata?.ProviderName}\n{metadata?.ProviderUri}\n{metadata?.DefaultModelId}");
        _keeper = new AnswerKeeper(state, _keys, metadata?.ProviderName, metadata?.DefaultModelId);
    }

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
        if (_keys.ReasonToPassBy(call) is { } reason || !_keys.TryCompute(list, call, out var key, out reason))
        {
            call.Context.Note(CostStages.ExactCache, reason, passedBy: true);
            return base.GetResponseAsync(list, call, cancellationToken);
        }

        if (ExactCacheDirectives.ModeOf(call.Context) == ExactCacheMode.Refresh)
        {
            return CallAsync(list, call, key, cancellationToken);
        }

        return _store.TryGet(key, out var stored)
            ? Task.FromResult(Serve(stored, call.Context))
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
        if (_keys.ReasonToPassBy(call) is { } reason || !_keys.TryCompute(list, call, out var key, out reason))
        {
            call.Context.Note(CostStages.ExactCache, reason, passedBy: true);
            return base.GetStreamingResponseAsync(list, call, cancellationToken);
        }

        return ExactCacheDirectives.ModeOf(call.Context) == ExactCacheMode.Refresh
            ? CallStreamAsync(list, call, key, cancellationToken)
            : ShareStreamAsync(list, call, key, cancellationToken);
    }

    public override object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is null && serviceType == typeof(ExactCacheManager)
            ? _state.Manager
            : PipelineStage.Answer(CostStages.ExactCache, serviceType, serviceKey) ?? base.GetService(serviceType, serviceKey);
    }

    private void ReportIfUnmetered(CallOptions call)
    {
        if (_reportsUnmetered is not null && !call.Context.IsMetered && Interlocked.Exchange(ref _reportsUnmetered, null) is { } logger)
        {
            PipelineOrder.WarnAboutUnmeteredHits(logger);
        }
    }

    private static ChatResponse Serve(RecordedResponse stored, CallContext context)
    {
        context.ServeFrom(stored.AsServedBy(CostStages.ExactCache));
        return stored.ToResponse();
    }

    private async Task<ChatResponse> ShareAsync(
        IReadOnlyList<ChatMessage> messages,
        CallOptions call,
        UInt128 key,
        CancellationToken cancellationToken
    )
    {
        var flight = Board(messages, call, key, isStreaming: false, out var isLeader);
        try
        {
            await flight.Ended.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            flight.Leave(call.Context, isLeader);
            throw;
        }

        var pays = flight.Leave(call.Context, isLeader);
        flight.ThrowIfFailed();
        if (flight.IsHit)
        {
            return Serve(flight.Recorded!, call.Context);
        }

        if (isLeader && flight.Original is { } original)
        {
            return original;
        }

        if (flight.Recorded is { } recorded)
        {
            return Share(recorded, call.Context, pays);
        }

        // What cannot be copied cannot be shared: this caller makes a call of its own.
        call.Context.IsBilledElsewhere = false;
        return await InnerClient.GetResponseAsync(messages, call, cancellationToken).ConfigureAwait(false);
    }

    private static ChatResponse Share(RecordedResponse recorded, CallContext context, bool pays)
    {
        if (!pays)
        {
            context.Note(CostStages.ExactCache, "coalesced");
            return Serve(recorded, context);
        }

        return recorded.ToResponse();
    }

    private async IAsyncEnumerable<ChatResponseUpdate> ShareStreamAsync(
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

        var flight = Board(messages, call, key, isStreaming: true, out var isLeader);
        var isAboard = true;
        try
        {
            if (flight.IsStreaming)
            {
                for (var position = 0; ; position++)
                {
                    ChatResponseUpdate? update;
                    while (!flight.TryRead(position, isLeader, out update, out var more) && more is not null)
                    {
                        await more.WaitAsync(cancellationToken).ConfigureAwait(false);
                    }

                    if (update is null)
                    {
                        break;
                    }

                    cancellationToken.ThrowIfCancellationRequested();
                    yield return update;
                }
            }

            await flight.Ended.WaitAsync(cancellationToken).ConfigureAwait(false);
            isAboard = false;
            var pays = flight.Leave(call.Context, isLeader);
            flight.ThrowIfFailed();
            if (flight.IsHit || (!pays && flight.Recorded is not null))
            {
                call.Context.ServeFrom(flight.Recorded!.AsServedBy(CostStages.ExactCache));
            }

            if (flight.IsStreaming && !flight.IsHit)
            {
                if (!isLeader)
                {
                    call.Context.Note(CostStages.ExactCache, "coalesced");
                }

                yield break;
            }
        }
        finally
        {
            if (isAboard)
            {
                flight.Leave(call.Context, isLeader);
            }
        }

        if (flight.Recorded is { } recorded)
        {
            foreach (var update in recorded.ToUpdates())
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return update;
            }

            yield break;
        }

        call.Context.IsBilledElsewhere = false;
        await foreach (var update in InnerClient.GetStreamingResponseAsync(messages, call, cancellationToken).ConfigureAwait(false))
        {
            yield return update;
        }
    }

    /// <summary>Joins the flight of an identical call, or starts one.</summary>
    private Flight Board(IReadOnlyList<ChatMessage> messages, CallOptions call, UInt128 key, bool isStreaming, out bool isLeader)
    {
        Flight? started = null;
        while (true)
        {
            if (_state.Flights.TryGetValue(key, out var flight))
            {
                if (flight.TryJoin())
                {
                    isLeader = false;
                    return flight;
                }

                // All have left it: it is being cancelled, and takes itself off when that is done.
                started ??= new Flight(call.Context.ForSharedWork(), isStreaming);
                if (!_state.Flights.TryUpdate(key, started, flight))
                {
                    continue;
                }
            }
            else
            {
                started ??= new Flight(call.Context.ForSharedWork(), isStreaming);
                if (!_state.Flights.TryAdd(key, started))
                {
                    continue;
                }
            }

            isLeader = true;

            // The flight may outlive this call, whose list then belongs to the caller again: it works on a copy.
            _ = FlyAsync(started, [.. messages], call, key);
            return started;
        }
    }

    private async Task FlyAsync(Flight flight, ChatMessage[] messages, CallOptions call, UInt128 key)
    {
        try
        {
            var (fromStore, stableKey) = await _keeper.LookUpAsync(messages, call, key, flight.CancellationToken).ConfigureAwait(false);
            if (fromStore is not null)
            {
                flight.Complete(null, fromStore, isHit: true);
                return;
            }

            var recorder = new ResponseRecorder();
            var requestedAt = _state.Clock.GetUtcNow();
            var shared = call.With(flight.Ledger);
            ChatResponse? original = null;
            if (flight.IsStreaming)
            {
                await foreach (
                    var update in InnerClient.GetStreamingResponseAsync(messages, shared, flight.CancellationToken).ConfigureAwait(false)
                )
                {
                    recorder.Add(update);
                    flight.Publish(update);
                }
            }
            else
            {
                original = await InnerClient.GetResponseAsync(messages, shared, flight.CancellationToken).ConfigureAwait(false);
                recorder.Add(original);
            }

            var isToStore = AnswerKeeper.IsToStore(recorder, call.Context, flight.Ledger);
            var recorded = _keeper.Record(recorder, messages, call, flight.Ledger, requestedAt);
            var expiration = ExactCacheDirectives.ExpirationOf(call.Context) ?? _state.Expiration;
            if (isToStore && recorded is not null)
            {
                _store.Set(key, recorded, expiration);
            }

            flight.Complete(original, recorded, isHit: false);
            if (isToStore && recorded is not null && stableKey is not null)
            {
                await _keeper.StoreAsync(stableKey, recorded, expiration).ConfigureAwait(false);
            }
        }
        catch (Exception exception)
        {
            // Not swallowed: every waiter gets it.
            flight.Fail(exception);
        }
        finally
        {
            _state.Flights.TryRemove(new KeyValuePair<UInt128, Flight>(key, flight));
        }
    }

    private async Task<ChatResponse> CallAsync(
        IReadOnlyList<ChatMessage> messages,
        CallOptions call,
        UInt128 key,
        CancellationToken cancellationToken
    )
    {
        var requestedAt = _state.Clock.GetUtcNow();
        var response = await InnerClient.GetResponseAsync(messages, call, cancellationToken).ConfigureAwait(false);
        var recorder = new ResponseRecorder();
        recorder.Add(response);
        await _keeper.KeepAsync(recorder, messages, call, key, requestedAt).ConfigureAwait(false);
        return response;
    }

    private async IAsyncEnumerable<ChatResponseUpdate> CallStreamAsync(
        IReadOnlyList<ChatMessage> messages,
        CallOptions call,
        UInt128 key,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var requestedAt = _state.Clock.GetUtcNow();
        var recorder = new ResponseRecorder();
        await foreach (var update in InnerClient.GetStreamingResponseAsync(messages, call, cancellationToken).ConfigureAwait(false))
        {
            recorder.Add(update);
            yield return update;
        }

        await _keeper.KeepAsync(recorder, messages, call, key, requestedAt).ConfigureAwait(false);
    }
}
