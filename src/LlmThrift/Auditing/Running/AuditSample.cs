namespace LlmThrift.Auditing.Running;

/// <summary>
/// Draws requests by chance, each feature by its share of all: a reservoir (Vitter, "Random Sampling with a Reservoir", 1985) for each feature, read once.
/// </summary>
internal static class AuditSample
{
    public static List<AuditPrompt> Draw(IEnumerable<AuditPrompt> log, int count, int seed)
    {
        var random = new Random(seed);
        var strata = new SortedDictionary<string, (List<(long Position, AuditPrompt Prompt)> Kept, long Seen)>(StringComparer.Ordinal);
        long total = 0;
        foreach (var prompt in log)
        {
            var feature = prompt.Feature ?? "";
            var (kept, seen) = strata.TryGetValue(feature, out var stratum) ? stratum : ([], 0);
            if (kept.Count < count)
            {
                kept.Add((total, prompt));
            }
            else if (random.NextInt64(seen + 1) is var place && place < count)
            {
                kept[(int)place] = (total, prompt);
            }

            strata[feature] = (kept, seen + 1);
            total++;
        }

        var shares = Shares([.. strata.Values.Select(stratum => stratum.Seen)], (int)Math.Min(count, total));
        var drawn = new List<(long Position, AuditPrompt Prompt)>();
        foreach (var ((kept, _), share) in strata.Values.Zip(shares))
        {
            // A reservoir is in no order of chance: those that came early stay in front.
            var shuffled = kept.ToArray();
            random.Shuffle(shuffled);
            drawn.AddRange(shuffled.AsSpan(0, share));
        }

        drawn.Sort((a, b) => a.Position.CompareTo(b.Position));
        return drawn.ConvertAll(one => one.Prompt);
    }

    /// <summary>By the largest remainders; where there is room for all, none is left out.</summary>
    private static int[] Shares(long[] sizes, int count)
    {
        var total = sizes.Sum();
        int[] shares = [.. sizes.Select(size => (int)(size * count / Math.Max(1, total)))];
        if (count >= sizes.Length)
        {
            shares = Array.ConvertAll(shares, share => Math.Max(1, share));
        }

        while (shares.Sum() is var sum && sum != count)
        {
            var ideal = Enumerable.Range(0, sizes.Length).Select(i => ((double)sizes[i] * count / total) - shares[i]).ToArray();
            var place =
                sum < count
                    ? Enumerable.Range(0, sizes.Length).Where(i => shares[i] < sizes[i]).MaxBy(i => ideal[i])
                    : Enumerable.Range(0, sizes.Length).Where(i => shares[i] > 1 || count < sizes.Length).MinBy(i => ideal[i]);
            shares[place] += sum < count ? 1 : -1;
        }

        return shares;
    }
}
