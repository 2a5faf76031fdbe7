using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace LlmThrift.Embeddings.Tests.SemanticCache;

/// <summary>The model that knows the right answer of each question of the table.</summary>
internal sealed class AnsweringModel : IChatClient
{
    private static readonly Dictionary<string, string> Answers = Gather();

    public int Calls { get; private set; }

    public static string AnswerTo(string question) => Answers[question];

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        Calls++;
        var answer = new ChatMessage(ChatRole.Assistant, AnswerTo(messages.Single().Text));
        return Task.FromResult(new ChatResponse(answer) { FinishReason = ChatFinishReason.Stop });
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        foreach (var update in (await GetResponseAsync(messages, options, cancellationToken)).ToChatResponseUpdates())
        {
            yield return update;
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose() { }

    private static Dictionary<string, string> Gather()
    {
        // Add throws for a question that stands twice in the table: its answer would not be clear.
        var answers = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var topic in Topic.All)
        {
            foreach (var question in topic.Seeds.Concat(topic.Paraphrases))
            {
                answers.Add(question, topic.Name);
            }

            foreach (var negative in topic.HardNegatives)
            {
                answers.Add(negative.Text, $"own answer of: {negative.Text}");
            }
        }

        return answers;
    }
}
