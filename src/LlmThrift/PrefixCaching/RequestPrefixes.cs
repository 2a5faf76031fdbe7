using LlmThrift.Internal;
using Microsoft.Extensions.AI;

namespace LlmThrift.PrefixCaching;

/// <summary>
/// The places of a request at which a breakpoint may stand, and what lies before each: the end of the system prompt, and the ends of messages up
/// to the newest turn of the user, which is not stable yet. When messages follow that turn (calls of tools and their results), they are history too.
/// </summary>
internal readonly record struct RequestPrefixes
{
    /// <summary>How many messages the system prompt takes.</summary>
    public required int HeadLength { get; init; }

    /// <summary>The fingerprint of model, tools and system prompt.</summary>
    public required UInt128 Head { get; init; }

    /// <summary>The indexes of the messages that end a prefix, the stable history's last one last. All of them have a content to mark.</summary>
    public required int[] Boundaries { get; init; }

    /// <summary>The fingerprint of all up to each boundary.</summary>
    public required UInt128[] Fingerprints { get; init; }

    /// <summary>Reads a request; null where a part of it has no canonical form.</summary>
    public static RequestPrefixes? Read(IReadOnlyList<ChatMessage> messages, ChatOptions options, string? scope)
    {
        var headLength = 0;
        while (headLength < messages.Count && messages[headLength].Role == ChatRole.System)
        {
            headLength++;
        }

        var head = new CanonicalRequest
        {
            Messages = [.. messages.Take(headLength)],
            Options = new ChatOptions
            {
                ModelId = options.ModelId,
                Instructions = options.Instructions,
                Tools = options.Tools?.Where(tool => tool is AIFunctionDeclaration).ToList(),
            },
            Scope = scope,
        };
        if (!RequestFingerprint.TryComputeForProcess(head, out var fingerprint))
        {
            return null;
        }

        var prefixes = new RequestPrefixes
        {
            HeadLength = headLength,
            Head = fingerprint,
            Boundaries = [],
            Fingerprints = [],
        };
        var end = EndOfStableHistory(messages);
        if (end < headLength)
        {
            return prefixes;
        }

        List<int> boundaries = [];
        List<UInt128> fingerprints = [];
        for (var index = headLength; index <= end; index++)
        {
            if (!RequestFingerprint.TryComputeForProcess(new CanonicalRequest { Messages = [messages[index]] }, out var message))
            {
                break;
            }

            // A chain of keyed codes, sensitive to order: the multiplier is odd, so nothing is lost.
            fingerprint = (fingerprint ^ message) * new UInt128(0x0000_0000_0100_0000, 0x0000_0000_0000_013B);
            if (ContentCopy.LastToMark(messages[index]) >= 0)
            {
                boundaries.Add(index);
                fingerprints.Add(fingerprint);
            }
        }

        return prefixes with
        {
            Boundaries = [.. boundaries],
            Fingerprints = [.. fingerprints],
        };
    }

    private static int EndOfStableHistory(IReadOnlyList<ChatMessage> messages)
    {
        var last = messages.Count - 1;
        return last >= 0 && messages[last].Role == ChatRole.User ? last - 1 : last;
    }
}
