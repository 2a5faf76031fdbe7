using Microsoft.Extensions.AI;

namespace LlmThrift.Routing;

/// <summary>A question and the answers of two models to it.</summary>
public sealed class AnswersToJudge
{
    private readonly Asking _ask;

    internal AnswersToJudge(string question, string weakAnswer, string strongAnswer, Asking ask)
    {
        (Question, WeakAnswer, StrongAnswer, _ask) = (question, weakAnswer, strongAnswer, ask);
    }

    /// <summary>For tests of a judge of one's own: <see cref="AskAsync"/> then bills nobody.</summary>
    /// <param name="question">The question.</param>
    /// <param name="weakAnswer">The weaker model's answer.</param>
    /// <param name="strongAnswer">The stronger model's.</param>
    public AnswersToJudge(string question, string weakAnswer, string strongAnswer)
        : this(
            question,
            weakAnswer,
            strongAnswer,
            static (client, messages, options, cancellationToken) => client.GetResponseAsync(messages, options, cancellationToken)
        ) { }

    /// <summary>Asks a model on somebody's bill. The options may be changed.</summary>
    internal delegate Task<ChatResponse> Asking(
        IChatClient client,
        IReadOnlyList<ChatMessage> messages,
        ChatOptions options,
        CancellationToken cancellationToken
    );

    /// <summary>The text of the user's last message.</summary>
    public string Question { get; }

    /// <summary>The weaker model's answer.</summary>
    public string WeakAnswer { get; }

    /// <summary>The stronger model's answer.</summary>
    public string StrongAnswer { get; }

    /// <summary>Asks a model, so that what it costs is in the bill.</summary>
    /// <param name="client">The model's client: the bare one of its provider.</param>
    /// <param name="messages">What to ask.</param>
    /// <param name="options">How; null for the defaults. Not changed.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <returns>The response.</returns>
    public Task<ChatResponse> AskAsync(
        IChatClient client,
        IReadOnlyList<ChatMessage> messages,
        ChatOptions? options,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(messages);
        return _ask(client, messages, options?.Clone() ?? new ChatOptions(), cancellationToken);
    }
}
