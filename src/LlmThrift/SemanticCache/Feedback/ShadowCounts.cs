using LlmThrift.Internal;

namespace LlmThrift.SemanticCache;

/// <summary>Counts what shadow mode sees. Safe for concurrent use.</summary>
internal sealed class ShadowCounts
{
    private readonly Lock _gate = new();
    private long _wouldBeHits;
    private long _compared;
    private long _wrong;

    public void AddHit()
    {
        lock (_gate)
        {
            _wouldBeHits++;
        }
    }

    public void AddComparison(bool wasRight)
    {
        lock (_gate)
        {
            _compared++;
            _wrong += wasRight ? 0 : 1;
        }
    }

    public SemanticShadowReport ToReport()
    {
        long hits;
        long compared;
        long wrong;
        lock (_gate)
        {
            (hits, compared, wrong) = (_wouldBeHits, _compared, _wrong);
        }

        var (lower, upper) = BinomialInterval.ClopperPearson(wrong, compared, 0.95);
        return new SemanticShadowReport
        {
            WouldBeHits = hits,
            Compared = compared,
            Wrong = wrong,
            ErrorRate = compared == 0 ? null : (double)wrong / compared,
            LowerBound = lower,
            UpperBound = upper,
        };
    }
}
