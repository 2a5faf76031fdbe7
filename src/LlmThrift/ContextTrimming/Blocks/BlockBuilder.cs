using Microsoft.Extensions.AI;

namespace LlmThrift.ContextTrimming;

/// <summary>Takes a conversation apart into blocks. A call of a tool and its results are one, whatever lies between them and however they are nested.</summary>
internal static class BlockBuilder
{
    public static List<ContextBlock> Build(IReadOnlyList<ChatMessage> messages)
    {
        var blockOf = new ContextBlock[messages.Count];
        Dictionary<string, int>? opened = null;
        for (var index = 0; index < messages.Count; index++)
        {
            blockOf[index] = new ContextBlock(index);
            var contents = messages[index].Contents;
            for (var part = 0; part < contents.Count; part++)
            {
                Link(contents[part], index, blockOf, ref opened);
            }
        }

        Pin(messages, blockOf);
        return [.. blockOf.Distinct()];
    }

    /// <summary>Instructions come under several names.</summary>
    public static bool IsInstruction(ChatRole role) =>
        role == ChatRole.System || role.Value.Equals("developer", StringComparison.OrdinalIgnoreCase);

    private static void Link(AIContent content, int index, ContextBlock[] blockOf, ref Dictionary<string, int>? opened)
    {
        switch (content)
        {
            // Some models count their calls anew in each answer: a result belongs to the last call of its id.
            case ToolCallContent call:
                (opened ??= new(StringComparer.Ordinal))[call.CallId] = index;
                break;
            case ToolResultContent result:
                JoinOpened(result.CallId, index, blockOf, opened);
                break;
            case ToolApprovalRequestContent approval:
                opened ??= new(StringComparer.Ordinal);
                opened["request " + approval.RequestId] = opened[approval.ToolCall.CallId] = index;
                break;
            case InputRequestContent request:
                (opened ??= new(StringComparer.Ordinal))["request " + request.RequestId] = index;
                break;
            case InputResponseContent response:
                JoinOpened("request " + response.RequestId, index, blockOf, opened);
                break;
        }
    }

    private static void JoinOpened(string id, int index, ContextBlock[] blockOf, Dictionary<string, int>? opened)
    {
        if (opened is null || !opened.TryGetValue(id, out var opener) || blockOf[opener] == blockOf[index])
        {
            return;
        }

        var (earlier, later) = (blockOf[opener], blockOf[index]);
        if (later.FirstMessage < earlier.FirstMessage)
        {
            (earlier, later) = (later, earlier);
        }

        earlier.Messages.AddRange(later.Messages);
        earlier.Messages.Sort();
        foreach (var message in later.Messages)
        {
            blockOf[message] = earlier;
        }
    }

    /// <summary>Pinned are instructions, the last message of the user, and the end of the conversation, which is what the model has to go on from.</summary>
    private static void Pin(IReadOnlyList<ChatMessage> messages, ContextBlock[] blockOf)
    {
        if (messages.Count == 0)
        {
            return;
        }

        blockOf[^1].IsPinned = true;
        var isQuestionFound = false;
        for (var index = messages.Count - 1; index >= 0; index--)
        {
            var role = messages[index].Role;
            var isQuestion = !isQuestionFound && role == ChatRole.User;
            isQuestionFound |= isQuestion;
            blockOf[index].IsPinned |= isQuestion || IsInstruction(role);
        }
    }
}
