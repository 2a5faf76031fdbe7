using LlmThrift.Internal;
using LlmThrift.Metering;
using LlmThrift.Pricing;
using Microsoft.Extensions.AI;

namespace LlmThrift.Routing;

/// <summary>A tier with its client as one pipeline has it. Safe for concurrent use.</summary>
internal sealed class TierClient
{
    private readonly IChatClient _client;
    private readonly bool _isMetered;
    private CostMeterChatClient? _metered;

    /// <param name="tier">The tier.</param>
    /// <param name="client">What its requests go through.</param>
    public TierClient(ModelTier tier, IChatClient client)
    {
        (Tier, _client) = (tier, client);
        _isMetered = PipelineStage.IsIn(client, PipelineStage.Meter) || PipelineStage.IsIn(client, PipelineStage.Attempts);
        var metadata = client.GetService<ChatClientMetadata>();
        Provider = metadata?.ProviderName;
        Model = tier.ModelId ?? metadata?.DefaultModelId;
        BilledRequests = Internal.BilledRequests.Of(client);
    }

    /// <summary>How many requests of one to the tier may be billed.</summary>
    public int BilledRequests { get; }

    public ModelTier Tier { get; }

    public string? Provider { get; }

    /// <summary>The model that is asked for; null when none is known.</summary>
    public string? Model { get; }

    /// <summary>Whether the client is the tier's own rather than the pipeline's.</summary>
    public bool IsOwn => Tier.Client is not null || Tier.ClientKey is not null;

    public ModelPrice? PriceAt(PriceBook prices, DateTimeOffset at) => prices.FindOrNull(Model, Provider, at);

    /// <summary>The client, with a meter where the call has one and it lies too far out to see each request.</summary>
    public IChatClient For(CallContext call)
    {
        if (_isMetered || call.Meter is not { } meter)
        {
            return _client;
        }

        // One pipeline has one meter: the first that comes is that.
#pragma warning disable CA2000 // Not disposed, for that would dispose the client.
        return _metered ??= new CostMeterChatClient(_client, meter, opensRecords: false);
#pragma warning restore CA2000
    }

    /// <summary>The options with this tier's model.</summary>
    public CallOptions With(CallOptions options)
    {
        var model = Tier.ModelId ?? (IsOwn ? null : options.ModelId);
        if (model == options.ModelId)
        {
            return options;
        }

        var changed = (CallOptions)options.Clone();
        changed.ModelId = model;
        return changed;
    }
}
