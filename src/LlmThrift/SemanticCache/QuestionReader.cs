using Microsoft.Extensions.AI;

namespace LlmThrift.SemanticCache;

/// <summary>Finds the question of a request: the text of the last message, when it stands alone.</summary>
internal static class QuestionReader
{
    /// <summary>The question; false, with a reason in a word, when the request has none that may be looked for.</summary>
    public static bool TryRead(
        IReadOnlyList<ChatMessage> messages,
        int maxLength,
        EarlierTurns earlierTurns,
        out string question,
        out string reason
    )
    {
        question = "";
        if (messages.Count == 0 || messages[^1].Role != ChatRole.User)
        {
            reason = "last_message_not_user";
            return false;
        }

        var contents = messages[^1].Contents;
        for (var index = 0; index < contents.Count; index++)
        {
            if (contents[index] is not TextContent text)
            {
                reason = "not_text_only";
                return false;
            }

            question = index == 0 ? text.Text : question + "\n" + text.Text;
        }

        reason =
            string.IsNullOrWhiteSpace(question) ? "blank_question"
            : question.Length > maxLength ? "long_question"
            : earlierTurns == EarlierTurns.PassBy && HasEarlierTurns(messages) ? "earlier_turns"
            : "";
        return reason.Length == 0;
    }

    /// <summary>Instructions come under several names, and none of them is a turn.</summary>
    private static bool HasEarlierTurns(IReadOnlyList<ChatMessage> messages)
    {
        for (var index = 0; index < messages.Count - 1; index++)
        {
            if (messages[index].Role != ChatRole.System && messages[index].Role.Value != "developer")
            {
                return true;
            }
        }

        return false;
    }
}
