using System.Runtime.CompilerServices;
using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using Microsoft.Extensions.AI;

namespace LlmThrift.Budgets;

/// <summary>Holds, before each call, what it may cost at most, and settles it to what it did cost, however it ends.</summary>
internal sealed class BudgetChatClient : DelegatingChatClient
{
    /// <summary>No cache keeps an answer that ended so.</summary>
    private static readonly ChatFinishReason Refused = new("budget_exceeded");

    private readonly BudgetState _state;
    private readonly IPossibleModels _models;

    public BudgetChatClient(IChatClient innerClient, BudgetState state)
        : base(innerClient)
    {
        _state = state;
        _models = innerClient.GetService(typeof(IPossibleModels)) as IPossibleModels ?? new OneModel(innerClient);
    }

    public override async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        var (list, call) = (MessageList.From(messages), CallOptions.From(options));
        var hold = await _state.HoldAsync(list, call, _models, cancellationToken).ConfigureAwait(false);
        if (hold.Answer is { } answer)
        {
            return new ChatResponse(new ChatMessage(ChatRole.Assistant, answer)) { FinishReason = Refused };
        }

        try
        {
            return await InnerClient.GetResponseAsync(list, hold.Options, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await _state.SettleAsync(hold).ConfigureAwait(false);
        }
    }

    public override IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    ) => StreamAsync(MessageList.From(messages), CallOptions.From(options), cancellationToken);

    public override object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is null && serviceType == typeof(BudgetManager)
            ? _state.Manager
            : PipelineStage.Answer(CostStages.Budgets, serviceType, serviceKey)
                ?? PipelineStage.Answer(PipelineStage.Attempts, serviceType, serviceKey)
                ?? base.GetService(serviceType, serviceKey);
    }

    private async IAsyncEnumerable<ChatResponseUpdate> StreamAsync(
        IReadOnlyList<ChatMessage> messages,
        CallOptions call,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var hold = await _state.HoldAsync(messages, call, _models, cancellationToken).ConfigureAwait(false);
        if (hold.Answer is { } answer)
        {
            yield return new ChatResponseUpdate(ChatRole.Assistant, answer) { FinishReason = Refused };
            yield break;
        }

        try
        {
            var updates = InnerClient.GetStreamingResponseAsync(messages, hold.Options, cancellationToken);
            await foreach (var update in updates.ConfigureAwait(false))
            {
                yield return update;
            }
        }
        finally
        {
            await _state.SettleAsync(hold).ConfigureAwait(false);
        }
    }

    /// <summary>A pipeline that chooses between no models.</summary>
    private sealed class OneModel(IChatClient client) : IPossibleModels
    {
        private readonly ChatClientMetadata? _metadata = client.GetService<ChatClientMetadata>();
        private readonly int _requests = BilledRequests.Of(client);

        public int Attempts => 1;

        public IReadOnlyList<PossibleModel> For(CallOptions call) =>
            [new PossibleModel(0, call.ModelId ?? _metadata?.DefaultModelId, _metadata?.ProviderName, _requests)];

        public ulong CapableTiers(IReadOnlyList<ChatMessage> messages, CallOptions call) => 1;
    }
}
