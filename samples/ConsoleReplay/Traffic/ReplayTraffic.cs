using ConsoleReplay.Recorded;

namespace ConsoleReplay.Traffic;

/// <summary>Calls to replay, the answers to them, and what is to be said about both.</summary>
internal sealed record ReplayTraffic
{
    /// <summary>What is replayed, in a few words.</summary>
    public required string Title { get; init; }

    public required IReadOnlyList<ReplayCall> Calls { get; init; }

    /// <summary>The cap that the app sets on answers, in tokens; null for none.</summary>
    public int? MaxOutputTokens { get; init; }

    /// <summary>Makes the answers that the offline provider gives, from the beginning.</summary>
    public required Func<IAnswerSource> CreateAnswers { get; init; }

    /// <summary>What in the traffic is real and what is built. Always shown with the figures.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The share of calls, 0 to 1, that repeat an earlier call of the traffic exactly.</summary>
    public double RepeatShare
    {
        get
        {
            if (Calls.Count == 0)
                return 0;

            var keys = new HashSet<RequestKey>(Calls.Count);
            foreach (var call in Calls)
                keys.Add(RequestKey.OfCall(call));
            return 1 - ((double)keys.Count / Calls.Count);
        }
    }
}
