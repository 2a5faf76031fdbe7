using System.Runtime.CompilerServices;
using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using LlmThrift.Metering;
using Microsoft.Extensions.AI;

namespace LlmThrift.Resilience;

/// <summary>Gets an answer to start, by timeouts, retries, a circuit breaker and hedging. From its first update on, an answer goes by as it is.</summary>
internal sealed class ResilienceChatClient : DelegatingChatClient
{
    private readonly ResilienceState _state;
    private readonly string _slot;
    private readonly ChatClientMetadata? _metadata;
    private readonly bool _isMetered;
    private readonly BilledRequests _billed;
    private CostMeterChatClient? _metered;

    /// <param name="innerClient">The client of one provider.</param>
    /// <param name="state">What pipelines share.</param>
    /// <param name="slot">The place of the client in the pipeline: what is known of a provider is known by it.</param>
    public ResilienceChatClient(IChatClient innerClient, ResilienceState state, string slot = "")
        : base(innerClient)
    {
        (_state, _slot) = (state, slot);
        _metadata = innerClient.GetService<ChatClientMetadata>();
        _isMetered = PipelineStage.IsIn(innerClient, PipelineStage.Meter);

        // Failures are not billed; of requests beside each other, each may be.
        _billed = new BilledRequests((state.MayHedge ? 1 + state.MaxHedges : 1) * BilledRequests.Of(innerClient));
    }

    public override async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        var call = Begin(MessageList.From(messages), options, isStreaming: false, cancellationToken);
        try
        {
            return (await call.StartAsync().ConfigureAwait(false)).Response!;
        }
        finally
        {
            await call.EndAsync().ConfigureAwait(false);
        }
    }

    public override IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    ) => StreamAsync(MessageList.From(messages), options, cancellationToken);

    public override object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is null && serviceType == typeof(BilledRequests))
        {
            return _billed;
        }

        return PipelineStage.Answer(CostStages.Resilience, serviceType, serviceKey)
            ?? PipelineStage.Answer(PipelineStage.Attempts, serviceType, serviceKey)
            ?? base.GetService(serviceType, serviceKey);
    }

    private async IAsyncEnumerable<ChatResponseUpdate> StreamAsync(
        IReadOnlyList<ChatMessage> messages,
        ChatOptions? options,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var call = Begin(messages, options, isStreaming: true, cancellationToken);
        try
        {
            var attempt = await call.StartAsync().ConfigureAwait(false);
            for (var isThere = attempt.HasUpdate; isThere; isThere = await attempt.MoveNextAsync().ConfigureAwait(false))
            {
                yield return attempt.Current;
            }
        }
        finally
        {
            await call.EndAsync().ConfigureAwait(false);
        }
    }

    private ResilientCall Begin(
        IReadOnlyList<ChatMessage> messages,
        ChatOptions? options,
        bool isStreaming,
        CancellationToken cancellationToken
    )
    {
        var call = CallOptions.From(options);
        var health = _state.HealthOf(_slot, _metadata?.ProviderName, call.ModelId ?? _metadata?.DefaultModelId);
        return new ResilientCall(
            _state,
            health,
            new ResilientRequest(ClientOf(call.Context), messages, call, isStreaming, cancellationToken)
        );
    }

    /// <summary>The client, with a meter where the call has one and it lies too far out to see each attempt.</summary>
    private IChatClient ClientOf(CallContext call)
    {
        if (_isMetered || call.Meter is not { } meter)
        {
            return InnerClient;
        }

        // One pipeline has one meter: the first that comes is that.
#pragma warning disable CA2000 // Not disposed, for that would dispose the client.
        return _metered ??= new CostMeterChatClient(InnerClient, meter, opensRecords: false);
#pragma warning restore CA2000
    }
}
