using Microsoft.Extensions.AI;

namespace LlmThrift.ContextTrimming;

/// <summary>
/// Replaces long texts that are sent more than once: the same document, the same result of a tool. A text that is there already becomes a reference; one that
/// differs in some lines becomes a reference with these lines, so that nothing of it is lost.
/// </summary>
internal sealed class Repetitions
{
    private const string Mark = "[The same text as ";

    /// <summary>Shorter texts are not worth a reference.</summary>
    private const int MinCharacters = 200;

    /// <summary>How many texts that have a line in common are compared by it.</summary>
    private const int MaxSharing = 8;

    /// <summary>How much of both texts must be the same for one to be said by the other.</summary>
    private const double LeastShared = 0.7;

    private const int QuotedCharacters = 48;

    private readonly Dictionary<string, WholeText> _whole = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<WholeText>> _having = new(StringComparer.Ordinal);

    private Repetitions() { }

    /// <summary>Puts references in place of repetitions. What is pinned stays as it is, and of other texts the first one.</summary>
    /// <param name="blocks">All blocks.</param>
    /// <param name="sent">By message: what is to be sent, null for what is left out; changed.</param>
    /// <returns>Whether anything was replaced.</returns>
    public static bool Replace(List<ContextBlock> blocks, ChatMessage?[] sent)
    {
        var places = Collect(blocks, sent);
        if (places.Count < 2)
        {
            return false;
        }

        var repetitions = new Repetitions();
        var isReplaced = false;
        foreach (var place in places)
        {
            var segments = TextDifference.Split(place.Text);
            if (!place.IsPinned && repetitions.ReferenceTo(place, segments) is { } reference)
            {
                sent[place.Message] = ShortenedMessage.With(sent[place.Message]!, place.Content, With(place, reference));
                isReplaced = true;
            }
            else
            {
                repetitions.Remember(place, segments);
            }
        }

        return isReplaced;
    }

    /// <summary>The long texts, pinned ones first, as nothing may take their place.</summary>
    private static List<Place> Collect(List<ContextBlock> blocks, ChatMessage?[] sent)
    {
        var places = new List<Place>();
        foreach (var block in blocks)
        {
            foreach (var message in block.Messages)
            {
                var contents = sent[message]?.Contents;
                for (var content = 0; content < contents?.Count; content++)
                {
                    var text = TextOf(contents[content]);
                    if (text?.Length >= MinCharacters && !text.StartsWith(Mark, StringComparison.Ordinal))
                    {
                        places.Add(new Place(message, content, block.IsPinned, text, contents[content]));
                    }
                }
            }
        }

        return [.. places.OrderBy(place => !place.IsPinned).ThenBy(place => place.Message).ThenBy(place => place.Content)];
    }

    private string? ReferenceTo(Place place, string[]? segments)
    {
        if (_whole.TryGetValue(place.Text, out var same))
        {
            return $"{Mark}{NameOf(same, place)}.]";
        }

        if (segments is null || MostShared(place.Text, segments) is not { } other)
        {
            return null;
        }

        var changes = TextDifference.Describe(other.Segments, segments, place.Text.Length / 2);
        return changes is null ? null : $"{Mark}{NameOf(other, place)}, but for these lines:]{changes}";
    }

    private WholeText? MostShared(string text, string[] segments)
    {
        var shared = new Dictionary<WholeText, int>(ReferenceEqualityComparer.Instance);
        foreach (var segment in segments)
        {
            if (_having.TryGetValue(segment, out var having))
            {
                foreach (var other in having)
                {
                    shared[other] = shared.GetValueOrDefault(other) + segment.Length;
                }
            }
        }

        var most = shared.Count == 0 ? default : shared.MaxBy(pair => pair.Value);
        return most.Key is { } best && most.Value >= LeastShared * Math.Max(text.Length, best.Place.Text.Length) ? best : null;
    }

    private void Remember(Place place, string[]? segments)
    {
        var text = new WholeText(place, segments ?? []);
        if (!_whole.TryAdd(place.Text, text))
        {
            return;
        }

        foreach (var segment in text.Segments.Distinct(StringComparer.Ordinal))
        {
            if (!_having.TryGetValue(segment, out var having))
            {
                _having.Add(segment, having = []);
            }

            if (having.Count < MaxSharing)
            {
                having.Add(text);
            }
        }
    }

    private static string NameOf(WholeText whole, Place seenFrom)
    {
        var beginning = whole.Place.Text.AsSpan().TrimStart();
        var lineEnd = beginning.IndexOfAny('\r', '\n');
        beginning = beginning[..Math.Min(lineEnd < 0 ? beginning.Length : lineEnd, QuotedCharacters)];

        // Not between the halves of a character.
        beginning = beginning is [.., var last] && char.IsHighSurrogate(last) ? beginning[..^1] : beginning;
        var where = whole.Place.Message > seenFrom.Message ? "in a later message" : "before";
        return $"{where}, beginning with \"{beginning}\"";
    }

    private static AIContent With(Place place, string reference) =>
        place.Had is FunctionResultContent result ? new FunctionResultContent(result.CallId, reference) : new TextContent(reference);

    private static string? TextOf(AIContent content) =>
        content switch
        {
            TextContent text => text.Text,
            FunctionResultContent result => SearchText.ResultOf(result),
            _ => null,
        };

    private sealed record Place(int Message, int Content, bool IsPinned, string Text, AIContent Had);

    private sealed record WholeText(Place Place, string[] Segments);
}
