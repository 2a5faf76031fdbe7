using System.Collections.Concurrent;
using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace LlmThrift.PrefixCaching;

/// <summary>What all clients of one registration share: the history of their prefixes.</summary>
internal sealed partial class PrefixCachingState
{
    private const int MaxWarnings = 100;

    private readonly ConcurrentDictionary<string, bool> _warned = new(StringComparer.OrdinalIgnoreCase);
    private readonly (string Key, Type? Type)[] _mark;

    public PrefixCachingState(PrefixCachingOptions options, PipelineServices services)
    {
        Options = options;
        Clock = services.Clock;
        Logger = services.Logger;
        Failures = services.Failures;
        History = new PrefixHistory(options.Lifetime);
        _mark = MarkOf(options.MarkBreakpoint);
    }

    public PrefixCachingOptions Options { get; }

    public TimeProvider Clock { get; }

    public ILogger Logger { get; }

    public HelperFailures Failures { get; }

    public PrefixHistory History { get; }

    /// <summary>Whether the app set breakpoints itself, in contents or tools. Ours on top could be more than the provider takes.</summary>
    public bool IsMarkedByApp(IReadOnlyList<ChatMessage> messages, ChatOptions options)
    {
        for (var index = 0; index < messages.Count; index++)
        {
            var contents = messages[index].Contents;
            for (var part = 0; part < contents.Count; part++)
            {
                if (contents[part].AdditionalProperties is { Count: > 0 } properties && _mark.Any(mark => properties.ContainsKey(mark.Key)))
                {
                    return true;
                }
            }
        }

        // A tool has no name for the mark in common with contents, but the same kind of value.
        return options.Tools?.Any(tool => tool.AdditionalProperties.Values.Any(value => _mark.Any(mark => mark.Type == value?.GetType())))
            == true;
    }

    public void WarnAboutUnstablePrefix(string? feature, int calls)
    {
        if (_warned.Count < MaxWarnings && _warned.TryAdd(feature ?? "", true))
        {
            LogUnstablePrefix(Logger, feature ?? "(none)", calls);
        }
    }

    /// <summary>What the app's function leaves on a content, found out on one of our own.</summary>
    private static (string Key, Type? Type)[] MarkOf(Func<AIContent, AIContent>? markBreakpoint)
    {
        try
        {
            return markBreakpoint?.Invoke(new TextContent("probe")).AdditionalProperties is { } properties
                ? [.. properties.Select(property => (property.Key, property.Value?.GetType()))]
                : [];
        }
        catch (Exception)
        {
            // It is asked again, and its failure reported, when there is something to mark.
            return [];
        }
    }

    [LoggerMessage(
        40,
        LogLevel.Warning,
        "The last {Calls} requests of feature {Feature} each began with tools and a system prompt not seen before, so the provider's prompt cache cannot be used. "
            + "Move what changes (a time stamp, a name, an id) out of the system prompt into the last message."
    )]
    private static partial void LogUnstablePrefix(ILogger logger, string feature, int calls);
}
