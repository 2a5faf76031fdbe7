using System.Collections.Frozen;
using ConsoleReplay.Recorded;
using Microsoft.Extensions.AI;

namespace ConsoleReplay.Banking;

/// <summary>Answers the shipped questions: the last user message names the question, its intent the answer.</summary>
internal sealed class BankingAnswers : IAnswerSource
{
    private const string NoAnswer = "I can only help with questions about Larkspur. Please ask a colleague in Help > Chat with a person.";

    private readonly FrozenDictionary<string, string> _intents = BankingData.Questions.ToFrozenDictionary(
        question => question.Text,
        question => question.Intent,
        StringComparer.Ordinal
    );

    public RecordedAnswer Find(IReadOnlyList<ChatMessage> messages, ChatOptions? options)
    {
        var question = messages.LastOrDefault(message => message.Role == ChatRole.User)?.Text ?? "";
        var text = _intents.TryGetValue(question, out var intent) ? BankingData.Answers[intent] : NoAnswer;
        return new RecordedAnswer { Message = new ChatMessage(ChatRole.Assistant, text) };
    }
}
