using Microsoft.Extensions.AI;

namespace LlmThrift.Tests.ContextTrimming;

/// <summary>Conversations as no app would hold them: any roles in any order, calls of tools side by side and with other messages between, pictures, nothing.</summary>
internal static class RandomConversations
{
    private static readonly string[] Words =
    [
        "invoice",
        "Lisbon",
        "refund",
        "配送",
        "日本語",
        "понедельник",
        "order 4711",
        "why",
        "the",
        "a",
        "✈",
        "blue",
        "x",
    ];

    public static ChatMessage[] Make(int seed)
    {
        var random = new Random(seed);
        var messages = new List<ChatMessage>();
        var count = random.Next(0, 60);
        var open = new List<string>();
        ToolApprovalRequestContent? asked = null;
        while (messages.Count < count)
        {
            switch (random.Next(10))
            {
                case 0 when random.Next(3) == 0:
                    messages.Add(new ChatMessage(ChatRole.System, Text(random)));
                    break;
                case 1:
                    var calls = new List<string>();
                    for (var number = random.Next(1, 4); number > 0; number--)
                    {
                        // Ids come back, as with models that count anew in each answer, but not while one is open.
                        var id = $"call {random.Next(6)}";
                        calls.Add(open.Contains(id) || calls.Contains(id) ? $"call {messages.Count} {number}" : id);
                    }

                    messages.Add(
                        new ChatMessage(
                            ChatRole.Assistant,
                            [
                                new TextContent(Text(random)),
                                .. calls.Select(id => new FunctionCallContent(
                                    id,
                                    "look_up",
                                    new Dictionary<string, object?> { ["q"] = Text(random) }
                                )),
                            ]
                        )
                    );
                    open.AddRange(calls);
                    break;
                case 2 or 3 when open.Count > 0:
                    var answered = open.OrderBy(_ => random.Next()).Take(random.Next(1, open.Count + 1)).ToList();
                    open.RemoveAll(answered.Contains);
                    messages.Add(new ChatMessage(ChatRole.Tool, [.. answered.Select(id => new FunctionResultContent(id, Result(random)))]));
                    break;
                case 4:
                    messages.Add(
                        new ChatMessage(
                            ChatRole.User,
                            [new TextContent(Text(random)), new DataContent(new byte[random.Next(200)], "image/png")]
                        )
                    );
                    break;
                case 5 when asked is null && random.Next(2) == 0:
                    var wanted = new FunctionCallContent($"approved call {messages.Count}", "delete");
                    asked = new ToolApprovalRequestContent($"request {messages.Count}", wanted);
                    messages.Add(new ChatMessage(ChatRole.Assistant, [asked]));
                    break;
                case 5 when asked is not null:
                    messages.Add(new ChatMessage(ChatRole.User, [asked.CreateResponse(random.Next(2) == 0)]));
                    open.Add(asked.ToolCall.CallId);
                    asked = null;
                    break;
                case 5:
                    messages.Add(new ChatMessage(ChatRole.User, (string?)null));
                    break;
                case 6:
                    messages.Add(new ChatMessage(ChatRole.Assistant, [new UnknownContent()]));
                    break;
                default:
                    messages.Add(
                        new ChatMessage(random.Next(2) == 0 ? ChatRole.User : ChatRole.Assistant, Text(random))
                        {
                            AuthorName = random.Next(4) == 0 ? "Maria" : null,
                        }
                    );
                    break;
            }
        }

        return [.. messages];
    }

    private static object? Result(Random random) =>
        random.Next(5) switch
        {
            0 => null,
            1 => Text(random),
            2 => string.Join('\n', Enumerable.Range(0, random.Next(200)).Select(i => $"{i}: {Text(random)}")),
            3 => "[" + string.Join(',', Enumerable.Range(0, random.Next(200)).Select(i => $"{{\"id\":{i},\"name\":\"n{i}\"}}")) + "]",
            _ => new Dictionary<string, object?> { ["rows"] = Enumerable.Range(0, random.Next(300)).ToArray() },
        };

    private static string Text(Random random) =>
        string.Join(' ', Enumerable.Range(0, random.Next(30)).Select(_ => Words[random.Next(Words.Length)]));

    private sealed class UnknownContent : AIContent;
}
