using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using Microsoft.Extensions.AI;

namespace LlmThrift.Routing;

/// <summary>An answer, and what was asked.</summary>
public sealed class AnswerToCheck
{
    private readonly IChatClient? _client;
    private readonly CallContext? _ledger;

    /// <summary>An answer, for checks that are tried by themselves.</summary>
    /// <param name="messages">What was asked.</param>
    /// <param name="options">The options of the call; null for none.</param>
    /// <param name="response">The answer.</param>
    /// <param name="client">What gave the answer, for checks that ask again; null when it cannot be asked.</param>
    /// <exception cref="ArgumentNullException"><paramref name="messages"/> or <paramref name="response"/> is null.</exception>
    public AnswerToCheck(IReadOnlyList<ChatMessage> messages, ChatOptions? options, ChatResponse response, IChatClient? client = null)
        : this(messages, options ?? new ChatOptions(), response, client, ledger: null) { }

    internal AnswerToCheck(
        IReadOnlyList<ChatMessage> messages,
        ChatOptions options,
        ChatResponse response,
        IChatClient? client,
        CallContext? ledger
    )
    {
        ArgumentNullException.ThrowIfNull(messages);
        ArgumentNullException.ThrowIfNull(response);
        (Messages, Options, Response, _client, _ledger) = (messages, options, response, client, ledger);
    }

    /// <summary>What was asked; not to be changed.</summary>
    public IReadOnlyList<ChatMessage> Messages { get; }

    /// <summary>The options of the call, with the tier's model; not to be changed.</summary>
    public ChatOptions Options { get; }

    /// <summary>The answer; not to be changed.</summary>
    public ChatResponse Response { get; }

    internal bool CanAskAgain => _client is not null;

    /// <summary>Asks the same tier the same again; the cost is charged to routing.</summary>
    internal Task<ChatResponse> AskAgainAsync(float temperature, CancellationToken cancellationToken)
    {
        var options = new ChatOptions
        {
            ModelId = Options.ModelId,
            Instructions = Options.Instructions,
            Temperature = temperature,
            TopP = Options.TopP,
            MaxOutputTokens = Options.MaxOutputTokens,
            Reasoning = Options.Reasoning,
            ResponseFormat = Options.ResponseFormat,
            StopSequences = Options.StopSequences,
        };
        return _client!.GetResponseAsync(Messages, _ledger is null ? options : CallOptions.From(options).With(_ledger), cancellationToken);
    }

    /// <summary>Asks a helper; the cost is charged to routing.</summary>
    internal Task<ChatResponse> AskAsync(
        IChatClient client,
        IReadOnlyList<ChatMessage> messages,
        ChatOptions options,
        CancellationToken cancellationToken
    ) => HelperModel.AskAsync(client, CostStages.Routing, _ledger, messages, options, cancellationToken);
}
