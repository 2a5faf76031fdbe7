namespace LlmThrift.OutputLimits.Learning;

/// <summary>
/// Learns the cap of one feature and model. An answer that was cut is known only to be longer than its limit: it counts as twice as long, for if it
/// were left out, or counted as it stands, each cap would be learned from answers that the cap before it had shortened. Safe for concurrent use.
/// </summary>
internal sealed class CapLearner(string feature, string model, LearnedCapOptions options)
{
    private const double MaxWidening = 8;
    private const double CutAnswerCountsAs = 2;

    private readonly Lock _gate = new();
    private readonly LengthHistogram _lengths = new(options.HalfLife);
    private FadingCount _capped;
    private FadingCount _cut;
    private long _allCapped;
    private long _allCut;

    /// <summary>The cap of now, in tokens; null while too few answers have been seen.</summary>
    public int? CapAt(DateTimeOffset at)
    {
        lock (_gate)
        {
            return Cap(at);
        }
    }

    /// <summary>Takes note of an answer that has ended.</summary>
    /// <param name="tokens">Its length.</param>
    /// <param name="isWhole">False for one that ended by a limit.</param>
    /// <param name="wasCapped">Whether a learned cap was the lowest limit.</param>
    /// <param name="wasCut">Whether that cap cut it, even if it was made whole later.</param>
    /// <param name="at">When.</param>
    public void Observe(long tokens, bool isWhole, bool wasCapped, bool wasCut, DateTimeOffset at)
    {
        lock (_gate)
        {
            _lengths.Add(isWhole ? tokens : tokens * CutAnswerCountsAs, at);
            if (wasCapped)
            {
                _capped.Add(at, options.HalfLife);
                _allCapped++;
            }

            if (wasCut)
            {
                _cut.Add(at, options.HalfLife);
                _allCut++;
            }
        }
    }

    public LearnedCap ReportAt(DateTimeOffset at)
    {
        lock (_gate)
        {
            var capped = _capped.At(at, options.HalfLife);
            return new LearnedCap
            {
                Feature = feature.Length == 0 ? null : feature,
                Model = model.Length == 0 ? null : model,
                Samples = _lengths.CountAt(at),
                Cap = Cap(at),
                Margin = options.Margin * Widening(at),
                AnswersCapped = _allCapped,
                AnswersCut = _allCut,
                ShareCut = capped > 0 ? _cut.At(at, options.HalfLife) / capped : 0,
            };
        }
    }

    private int? Cap(DateTimeOffset at)
    {
        // Rounded up: a count fades a little from one call to the next, which is no reason to wait for another answer.
        if (Math.Ceiling(_lengths.CountAt(at)) < options.MinSamples || _lengths.Quantile(options.Quantile) is not { } length)
        {
            return null;
        }

        return (int)Math.Clamp(Math.Ceiling(length * options.Margin * Widening(at)), options.Floor, int.MaxValue);
    }

    /// <summary>One cut answer too many widens the margin, in proportion. One cut among as few as allowed is presumed before any is seen.</summary>
    private double Widening(DateTimeOffset at)
    {
        var presumed = 1 / options.MaxShareCut;
        var share = (_cut.At(at, options.HalfLife) + 1) / (_capped.At(at, options.HalfLife) + presumed);
        return Math.Clamp(share / options.MaxShareCut, 1, MaxWidening);
    }
}
