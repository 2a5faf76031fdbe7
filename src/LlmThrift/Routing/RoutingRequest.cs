using LlmThrift.Internal;
using LlmThrift.Metering;
using LlmThrift.Tokens;
using Microsoft.Extensions.AI;

namespace LlmThrift.Routing;

/// <summary>A request, as routers and rules see it. What takes time to find out is found out when it is asked for. Not safe for concurrent use.</summary>
public sealed class RoutingRequest
{
    private readonly RequestTokenCounter _counter;
    private readonly string? _model;
    private int? _tokens;
    private TaskType? _task;
    private string? _question;

    internal RoutingRequest(
        IReadOnlyList<ChatMessage> messages,
        ChatOptions options,
        CallTags tags,
        DateTimeOffset at,
        RequestTokenCounter counter,
        string? model
    )
    {
        (Messages, Options, Tags, At, _counter, _model) = (messages, options, tags, at, counter, model);
        NeedsTools = options.Tools is { Count: > 0 };
        NeedsJson = options.ResponseFormat is ChatResponseFormatJson;
        NeedsVision = HasPicture(messages);
    }

    /// <summary>The messages; not to be changed.</summary>
    public IReadOnlyList<ChatMessage> Messages { get; }

    /// <summary>The options of the call; not to be changed.</summary>
    public ChatOptions Options { get; }

    /// <summary>Tenant, feature and user.</summary>
    public CallTags Tags { get; }

    /// <summary>When the call was made.</summary>
    public DateTimeOffset At { get; }

    /// <summary>The text of the last message of the user; empty when there is none.</summary>
    public string Question => _question ??= QuestionIn(Messages);

    /// <summary>What kind of work the question asks for.</summary>
    public TaskType Task => _task ??= TaskTypes.Of(Question);

    /// <summary>The input tokens, with instructions and tools.</summary>
    public int InputTokens => _tokens ??= _counter.CountRequest(Messages, Options, _model).Tokens;

    /// <summary>Whether tools may be called.</summary>
    public bool NeedsTools { get; }

    /// <summary>Whether there are pictures among the messages.</summary>
    public bool NeedsVision { get; }

    /// <summary>Whether the answer is to be JSON.</summary>
    public bool NeedsJson { get; }

    /// <summary>Whether a tier may be asked, as far as the call's budgets go.</summary>
    internal bool Allows(int tier) => Options is not CallOptions call || (call.Context.AllowedTiers & (1UL << (tier & 63))) != 0;

    /// <summary>Whether the request, with an answer of <paramref name="output"/> tokens, fits into a context window. Counts only where lengths leave it open.</summary>
    internal bool Fits(int window, int output)
    {
        long characters = Options.Instructions?.Length ?? 0;
        foreach (var message in Messages)
        {
            foreach (var content in message.Contents)
            {
                if (content is not TextContent text)
                {
                    return InputTokens + output <= window;
                }

                characters += text.Text.Length;
            }
        }

        // A token is at least one byte, and a UTF-16 unit at most three of them.
        var most = (3 * characters) + (16L * Messages.Count);
        return (!NeedsTools && most + output <= window) || InputTokens + output <= window;
    }

    private static bool HasPicture(IReadOnlyList<ChatMessage> messages)
    {
        foreach (var message in messages)
        {
            foreach (var content in message.Contents)
            {
                if (
                    (content as DataContent)?.HasTopLevelMediaType("image") == true
                    || (content as UriContent)?.HasTopLevelMediaType("image") == true
                )
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static string QuestionIn(IReadOnlyList<ChatMessage> messages)
    {
        for (var index = messages.Count - 1; index >= 0; index--)
        {
            if (messages[index].Role == ChatRole.User)
            {
                return messages[index].Text;
            }
        }

        return "";
    }
}
