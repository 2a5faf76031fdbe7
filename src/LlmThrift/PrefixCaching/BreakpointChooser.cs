namespace LlmThrift.PrefixCaching;

/// <summary>Chooses the messages after which breakpoints stand. Pure.</summary>
internal static class BreakpointChooser
{
    /// <summary>Providers look for an entry at most this many contents before a breakpoint.</summary>
    public const int LookBack = 20;

    /// <summary>The messages to mark, at most <paramref name="most"/>, each once: what matters most first.</summary>
    /// <param name="plan">What pays.</param>
    /// <param name="headEnd">The last message of the system prompt, or -1.</param>
    /// <param name="boundaries">Messages that may be marked, in order, the end of the stable history last.</param>
    /// <param name="contentsUpTo">How many contents there are up to and with a message.</param>
    /// <param name="most">How many breakpoints there may be.</param>
    public static List<int> Choose(PrefixPlan plan, int headEnd, ReadOnlySpan<int> boundaries, Func<int, int> contentsUpTo, int most)
    {
        List<int> chosen = [];
        var live = plan.Live >= 0 ? boundaries[plan.Live] : -1;
        if (plan.MarkEnd)
        {
            Add(boundaries[^1]);
        }

        // Without a breakpoint near enough, what the provider holds would not be found again.
        if (live >= 0 && (!plan.MarkEnd || contentsUpTo(boundaries[^1]) - contentsUpTo(live) >= LookBack))
        {
            Add(live);
        }

        if (plan.MarkHead && headEnd >= 0)
        {
            Add(headEnd);
        }

        if (plan.MarkEnd)
        {
            // A later request may leave the history at an earlier point, or grow by more than the provider looks back over.
            var from = contentsUpTo(boundaries[^1]);
            for (var index = boundaries.Length - 2; index >= 0 && chosen.Count < most; index--)
            {
                var here = contentsUpTo(boundaries[index]);
                if (from - here >= LookBack)
                {
                    Add(boundaries[index]);
                    from = here;
                }
            }
        }

        chosen.Sort();
        return chosen;

        void Add(int message)
        {
            if (chosen.Count < most && !chosen.Contains(message))
            {
                chosen.Add(message);
            }
        }
    }
}
