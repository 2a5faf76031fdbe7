using System.Text.Json;
using Microsoft.Extensions.AI;

namespace ConsoleReplay.LongConversation;

/// <summary>The shipped conversation: a message a line, who says it before the colon.</summary>
internal static class ConversationFile
{
    public static List<ChatMessage> Read()
    {
        var messages = new List<ChatMessage>();
        var calls = 0;
        using var reader = new StreamReader(typeof(ConversationFile).Assembly.GetManifestResourceStream("conversation.txt")!);
        while (reader.ReadLine() is { } line)
        {
            var colon = line.IndexOf(": ", StringComparison.Ordinal);
            var text = line[(colon + 2)..];
            messages.Add(
                line[..colon] switch
                {
                    "call" => new ChatMessage(ChatRole.Assistant, [CallOf(text, $"call_{++calls}")]),
                    "result" => new ChatMessage(ChatRole.Tool, [new FunctionResultContent($"call_{calls}", text)]),
                    var role => new ChatMessage(new ChatRole(role), text),
                }
            );
        }

        return messages;
    }

    private static FunctionCallContent CallOf(string text, string id)
    {
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        using var json = JsonDocument.Parse(text[(space + 1)..]);
        var arguments = json
            .RootElement.EnumerateObject()
            .ToDictionary(argument => argument.Name, argument => (object?)argument.Value.Clone());
        return new FunctionCallContent(id, text[..space], arguments);
    }
}
