using System.Runtime.CompilerServices;
using LlmThrift.Tokens;
using Microsoft.Extensions.AI;

namespace AspNetChat;

/// <summary>
/// A model that answers from a file: the known question with the most words in common says what is asked. It takes its time, reports its tokens and keeps to limits, as a hosted
/// one does. Safe for concurrent use.
/// </summary>
internal sealed class SupportModel(TimeProvider clock) : IChatClient
{
    private const string NoAnswer = "I can only help with questions about Larkspur. Please ask a colleague in Help > Chat with a person.";
    private const int MillisecondsPerPiece = 18;

    private static readonly char[] Separators = [' ', ',', '.', '?', '!', '\'', '"', '-', ':', ';', '(', ')', '/', '\n', '\r'];

    private readonly ChatClientMetadata _metadata = new("openai", new Uri("https://api.openai.com/v1"), "gpt-4o");
    private readonly List<(HashSet<string> Words, string Intent)> _known =
    [
        .. SupportData.Questions.Select(question => (WordsOf(question.Text), question.Intent)),
    ];

    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        var updates = new List<ChatResponseUpdate>();
        await foreach (var update in GetStreamingResponseAsync(messages, options, cancellationToken))
        {
            updates.Add(update);
        }

        return updates.ToChatResponse();
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(messages);
        var all = messages.ToList();
        var model = options?.ModelId ?? "gpt-4o";
        var question = all.LastOrDefault(message => message.Role == ChatRole.User)?.Text ?? "";
        var pieces = Pieces(Answer(question));
        var isCut = options?.MaxOutputTokens is { } most && pieces.Count > most;
        if (isCut)
        {
            pieces.RemoveRange(options!.MaxOutputTokens!.Value, pieces.Count - options.MaxOutputTokens.Value);
        }

        // The same question takes the same time: 300 to 800 ms to the first piece, a smaller model less.
        var isSmall = model.Contains("mini", StringComparison.Ordinal);
        var spread = question.Aggregate(17u, (sum, letter) => (sum * 31) + letter) % 500;
        await Task.Delay(TimeSpan.FromMilliseconds((300 + spread) * (isSmall ? 0.6 : 1)), clock, cancellationToken);
        foreach (var piece in pieces)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(MillisecondsPerPiece * (isSmall ? 0.6 : 1)), clock, cancellationToken);
            yield return Update(new TextContent(piece));
        }

        var input = all.Sum(message => BytePairEncoding.O200kBase.CountTokens(message.Text) + 4) + 3;
        var output = BytePairEncoding.O200kBase.CountTokens(string.Concat(pieces));
        var last = Update(
            new UsageContent(
                new UsageDetails
                {
                    InputTokenCount = input,
                    OutputTokenCount = output,
                    TotalTokenCount = input + output,
                }
            )
        );
        last.FinishReason = isCut ? ChatFinishReason.Length : ChatFinishReason.Stop;
        yield return last;

        ChatResponseUpdate Update(AIContent content) => new(ChatRole.Assistant, [content]) { ModelId = model, ResponseId = "support" };
    }

    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(ChatClientMetadata) ? _metadata
            : serviceType.IsInstanceOfType(this) ? this
            : null;
    }

    public void Dispose()
    {
        // Nothing is held.
    }

    /// <summary>Words with a space before them: about a token each.</summary>
    private static List<string> Pieces(string text) => [.. text.Split(' ').Select((word, index) => index == 0 ? word : " " + word)];

    private static HashSet<string> WordsOf(string text) =>
        [.. text.ToLowerInvariant().Split(Separators, StringSplitOptions.RemoveEmptyEntries)];

    private string Answer(string question)
    {
        var words = WordsOf(question);
        var (best, bestShare) = ("", 0.0);
        foreach (var (known, intent) in _known)
        {
            var common = known.Count(words.Contains);
            var share = (double)common / Math.Max(1, known.Count + words.Count - common);
            if (share > bestShare)
            {
                (best, bestShare) = (intent, share);
            }
        }

        return bestShare > 0.15 ? SupportData.Answers[best] : NoAnswer;
    }
}
