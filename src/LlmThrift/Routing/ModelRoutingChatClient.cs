using System.Runtime.CompilerServices;
using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using Microsoft.Extensions.AI;

namespace LlmThrift.Routing;

/// <summary>Sends each call to a tier; to the next stronger one when the answer does not pass a check, to another one when the request fails.</summary>
internal sealed class ModelRoutingChatClient : DelegatingChatClient
{
    private readonly RoutingState _state;
    private readonly IReadOnlyList<TierClient> _tiers;
    private readonly TierChooser _chooser;
    private readonly ChatClientMetadata? _metadata;
    private readonly RoutableModels _models;

    /// <param name="innerClient">The client that the pipeline is built on: that of tiers without one of their own, and by its default model what calls would have cost.</param>
    /// <param name="state">What pipelines share.</param>
    /// <param name="around">Puts around a tier's own client what lies around the pipeline's.</param>
    public ModelRoutingChatClient(IChatClient innerClient, RoutingState state, Func<ModelTier, IChatClient, IChatClient> around)
        : base(innerClient)
    {
        _state = state;
        _tiers = state.TiersOver(innerClient, around);
        _chooser = state.ChooserOf(_tiers);
        _metadata = innerClient.GetService<ChatClientMetadata>();
        _models = new RoutableModels(_tiers, _chooser, state, _metadata?.DefaultModelId);
    }

    public override async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        var route = await BeginAsync(MessageList.From(messages), options, cancellationToken).ConfigureAwait(false);
        try
        {
            while (true)
            {
                ChatResponse response;
                route.Begin();
                try
                {
                    response = await route.Client.GetResponseAsync(route.Messages, route.Options, cancellationToken).ConfigureAwait(false);
                }
                catch (Exception exception) when (route.FallsBack(exception, cancellationToken))
                {
                    continue;
                }

                if (!await route.EscalatesAsync(response, cancellationToken).ConfigureAwait(false))
                {
                    route.Explore(response);
                    return response;
                }
            }
        }
        finally
        {
            route.Settle();
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
        return serviceKey is null && serviceType == typeof(ModelRoutingManager) ? _state.Manager
            : serviceKey is null && serviceType == typeof(IPossibleModels) ? _models
            : PipelineStage.Answer(CostStages.Routing, serviceType, serviceKey)
                ?? PipelineStage.Answer(PipelineStage.Attempts, serviceType, serviceKey)
                ?? base.GetService(serviceType, serviceKey);
    }

    private async ValueTask<Route> BeginAsync(
        IReadOnlyList<ChatMessage> messages,
        ChatOptions? options,
        CancellationToken cancellationToken
    )
    {
        var call = CallOptions.From(options);
        var model = call.ModelId ?? _metadata?.DefaultModelId;
        var request = new RoutingRequest(messages, call, call.Context.Tags, _state.Clock.GetUtcNow(), _state.Counter, model);
        var asked = call.Context.Directive<string>(RoutingDirectives.Tier);
        var choice = await _chooser.ChooseAsync(request, asked, call.Context, cancellationToken).ConfigureAwait(false);
        UInt128? conversation = null;
        if (_state.Conversations is { } conversations && (conversation = ConversationTiers.NameOf(messages, call)) is { } name)
        {
            choice = choice.Reason is Metering.RoutingReason.Asked or Metering.RoutingReason.Rule
                ? choice
                : conversations.Hold(choice, name, request, _tiers);
        }

        return new Route(_state, _tiers, _chooser, request, call, choice, conversation, model, _metadata?.ProviderName);
    }

    private async IAsyncEnumerable<ChatResponseUpdate> StreamAsync(
        IReadOnlyList<ChatMessage> messages,
        ChatOptions? options,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var route = await BeginAsync(messages, options, cancellationToken).ConfigureAwait(false);
        var seen = route.Explores ? new List<ChatResponseUpdate>() : null;
        try
        {
            while (true)
            {
                var held = route.HoldsStreams ? new HeldUpdates(_state.MaxBufferedCharacters) : null;
                var hasFailed = false;
                var hasGoneOut = false;
                seen?.Clear();
                route.Begin();
                IAsyncEnumerator<ChatResponseUpdate>? updates = null;
                try
                {
                    while (true)
                    {
                        try
                        {
                            updates ??= route
                                .Client.GetStreamingResponseAsync(route.Messages, route.Options, cancellationToken)
                                .GetAsyncEnumerator(cancellationToken);
                            if (!await updates.MoveNextAsync().ConfigureAwait(false))
                            {
                                break;
                            }
                        }
                        catch (Exception exception) when (!hasGoneOut && route.FallsBack(exception, cancellationToken))
                        {
                            hasFailed = true;
                            break;
                        }

                        seen?.Add(updates.Current);
                        if (held?.TryHold(updates.Current) == true)
                        {
                            continue;
                        }

                        // Longer than may be held back: it goes out unchecked.
                        hasGoneOut = true;
                        foreach (var update in held?.Release() ?? [])
                        {
                            yield return update;
                        }

                        held = null;
                        yield return updates.Current;
                    }
                }
                finally
                {
                    if (updates is not null)
                    {
                        await updates.DisposeAsync().ConfigureAwait(false);
                    }
                }

                if (hasFailed)
                {
                    continue;
                }

                if (held is not null && await route.EscalatesAsync(held.ToResponse(), cancellationToken).ConfigureAwait(false))
                {
                    continue;
                }

                foreach (var update in held?.Release() ?? [])
                {
                    yield return update;
                }

                if (seen is not null)
                {
                    route.Explore(seen.ToChatResponse());
                }

                yield break;
            }
        }
        finally
        {
            route.Settle();
        }
    }
}
