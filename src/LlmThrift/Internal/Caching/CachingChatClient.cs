using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace LlmThrift.Internal.Caching;

/// <summary>
/// What every cache does with a request that it cannot answer at once: looks further, lets identical requests share one call to the provider,
/// records the answer and keeps it. How to look and how to keep is each cache's own.
/// </summary>
/// <typeparam name="TTrail">What a look-up leaves behind for keeping the answer.</typeparam>
internal abstract class CachingChatClient<TTrail> : DelegatingChatClient
{
    private readonly CacheState _state;
    private readonly AnswerRecording _recording;
    private ILogger? _reportsUnmetered;

    protected CachingChatClient(IChatClient innerClient, CacheState state)
        : base(innerClient)
    {
        _state = state;
        _reportsUnmetered = PipelineStage.IsIn(innerClient, PipelineStage.Meter) ? state.Logger : null;
        var metadata = innerClient.GetService<ChatClientMetadata>();
        Keys = new RequestKeys(state, $"{metadata?.ProviderName}\n{metadata?.ProviderUri}\n{metadata?.DefaultModelId}");
        _recording = new AnswerRecording(state, metadata?.ProviderName, metadata?.DefaultModelId);
    }

    protected RequestKeys Keys { get; }

    /// <summary>
    /// Looks for an answer on behalf of all who share the request. What it costs goes to the context of <paramref name="call"/>, which is theirs together.
    /// </summary>
    protected abstract ValueTask<CacheLookUp<TTrail>> LookUpAsync(
        ChatMessage[] messages,
        CallOptions call,
        UInt128 key,
        CancellationToken cancellationToken
    );

    /// <summary>The trail of a call that is made without looking for an answer.</summary>
    protected abstract TTrail TrailWithoutLookUp(IReadOnlyList<ChatMessage> messages, CallOptions call, UInt128 key);

    /// <summary>What the app allows this cache to do with the call.</summary>
    protected abstract CacheUse UseOf(CallContext context);

    /// <summary>Why this cache must not store an answer that others may; null when it may.</summary>
    protected abstract string? ObstacleToKeeping(RecordedResponse recorded);

    /// <summary>Keeps the answer in this process, at once. False when it can be found only after <see cref="KeepFurtherAsync"/>.</summary>
    protected abstract bool KeepAtOnce(TTrail trail, RecordedResponse recorded, CallOptions call, UInt128 key);

    /// <summary>Does what may wait until the callers have their answer.</summary>
    protected abstract ValueTask KeepFurtherAsync(TTrail trail, RecordedResponse recorded, CallOptions call);

    protected void ReportIfUnmetered(CallOptions call)
    {
        if (_reportsUnmetered is not null && !call.Context.IsMetered && Interlocked.Exchange(ref _reportsUnmetered, null) is { } logger)
        {
            PipelineOrder.WarnAboutUnmeteredHits(logger);
        }
    }

    protected static ChatResponse Serve(RecordedResponse stored, ServedAnswer answer, CallContext context)
    {
        context.ServeFrom(answer);
        return stored.ToResponse(answer.Match);
    }

    /// <summary>The answer of the one call that all identical calls under way share.</summary>
    protected async Task<ChatResponse> ShareAsync(
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
            return Serve(flight.Recorded!, flight.Served!, call.Context);
        }

        if (isLeader && flight.Original is { } original)
        {
            return original;
        }

        if (flight.Recorded is { } recorded)
        {
            return pays ? recorded.ToResponse() : Coalesce(flight, recorded, call.Context);
        }

        // What cannot be copied cannot be shared: this caller makes a call of its own.
        call.Context.IsBilledElsewhere = false;
        return await InnerClient.GetResponseAsync(messages, call, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The same as a stream.</summary>
    protected async IAsyncEnumerable<ChatResponseUpdate> ShareStreamAsync(
        IReadOnlyList<ChatMessage> messages,
        CallOptions call,
        UInt128 key,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
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
                call.Context.ServeFrom(flight.Served ?? flight.Recorded!.AsServedBy(_state.Stage));
            }

            if (flight.IsStreaming && !flight.IsHit)
            {
                if (!isLeader)
                {
                    call.Context.Note(_state.Stage, "coalesced");
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

    /// <summary>Makes a call that is shared with nobody, and keeps its answer.</summary>
    protected async Task<ChatResponse> CallAsync(
        IReadOnlyList<ChatMessage> messages,
        CallOptions call,
        UInt128 key,
        CancellationToken cancellationToken
    )
    {
        var trail = TrailWithoutLookUp(messages, call, key);
        var requestedAt = _state.Clock.GetUtcNow();
        var response = await InnerClient.GetResponseAsync(messages, call, cancellationToken).ConfigureAwait(false);
        var recorder = new ResponseRecorder();
        recorder.Add(response);
        await KeepAsync(trail, recorder, messages, call, key, requestedAt).ConfigureAwait(false);
        return response;
    }

    /// <summary>The same as a stream.</summary>
    protected async IAsyncEnumerable<ChatResponseUpdate> CallStreamAsync(
        IReadOnlyList<ChatMessage> messages,
        CallOptions call,
        UInt128 key,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var trail = TrailWithoutLookUp(messages, call, key);
        var requestedAt = _state.Clock.GetUtcNow();
        var recorder = new ResponseRecorder();
        await foreach (var update in InnerClient.GetStreamingResponseAsync(messages, call, cancellationToken).ConfigureAwait(false))
        {
            recorder.Add(update);
            yield return update;
        }

        await KeepAsync(trail, recorder, messages, call, key, requestedAt).ConfigureAwait(false);
    }

    private ChatResponse Coalesce(Flight flight, RecordedResponse recorded, CallContext context)
    {
        context.Note(_state.Stage, "coalesced");
        return Serve(recorded, flight.Served ?? recorded.AsServedBy(_state.Stage), context);
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
            var shared = call.With(flight.Ledger);
            var lookUp = await LookUpAsync(messages, shared, key, flight.CancellationToken).ConfigureAwait(false);
            if (lookUp is { Found: { } found, Served: { } hit })
            {
                TakeOffBoard();
                flight.Complete(null, found, hit, isHit: true);
                return;
            }

            var recorder = new ResponseRecorder();
            var requestedAt = _state.Clock.GetUtcNow();
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

            var recorded = _recording.Record(recorder, messages, shared, flight.Ledger, requestedAt);
            var isToKeep = IsToKeep(recorder, recorded, flight.Ledger);
            if (!isToKeep || KeepAtOnce(lookUp.Trail, recorded!, shared, key))
            {
                TakeOffBoard();
            }

            flight.Complete(original, recorded, flight.Ledger.Served, isHit: false);
            if (isToKeep)
            {
                await KeepFurtherAsync(lookUp.Trail, recorded!, shared).ConfigureAwait(false);
            }

            TakeOffBoard();
        }
        catch (Exception exception)
        {
            // A cache further in may still be winding up the work that it was cancelled over: its bill is part of this one.
            if (flight.Ledger.PendingBill is { } pending)
            {
                await pending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            // Not swallowed: every waiter gets it.
            TakeOffBoard();
            flight.Fail(exception);
        }

        // Before anybody has the answer, if others find it by then: who asks later, when it has expired or was removed, must get a new one.
        void TakeOffBoard() => _state.Flights.TryRemove(new KeyValuePair<UInt128, Flight>(key, flight));
    }

    private async ValueTask KeepAsync(
        TTrail trail,
        ResponseRecorder recorder,
        IReadOnlyList<ChatMessage> messages,
        CallOptions call,
        UInt128 key,
        DateTimeOffset requestedAt
    )
    {
        var recorded = _recording.Record(recorder, messages, call, call.Context, requestedAt);
        if (IsToKeep(recorder, recorded, call.Context))
        {
            KeepAtOnce(trail, recorded!, call, key);
            await KeepFurtherAsync(trail, recorded!, call).ConfigureAwait(false);
        }
    }

    /// <summary>Whether the answer is whole and may be kept; if not, the reason is noted.</summary>
    private bool IsToKeep(ResponseRecorder recorder, RecordedResponse? recorded, CallContext context)
    {
        // What another cache served stays with that cache, which knows when it ends.
        if (UseOf(context) == CacheUse.ReadOnly || context.Served is not null)
        {
            return false;
        }

        var obstacle = recorder.ObstacleToStoring() ?? (recorded is null ? null : ObstacleToKeeping(recorded));
        if (obstacle is not null)
        {
            context.Note(_state.Stage, "not_stored_" + obstacle, passedBy: true);
        }

        return obstacle is null && recorded is not null;
    }
}
