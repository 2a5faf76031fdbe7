namespace LlmThrift.Routing;

/// <summary>
/// The threshold of a target, and how it moves: a target of shares or of cost goes by the scores of the app's latest calls, a target of quality by the latest comparisons of both tiers' answers. Safe for
/// concurrent use.
/// </summary>
internal sealed class MovingThreshold
{
    /// <summary>So many scores are remembered.</summary>
    private const int Window = 1_000;

    /// <summary>So many new scores, and the threshold is found anew.</summary>
    private const int Step = 50;

    /// <summary>Before so many scores are known, shares mean nothing: all goes to the stronger tier.</summary>
    private const int LeastScores = 50;

    /// <summary>So many new comparisons, and the threshold is found anew.</summary>
    private const int ComparisonStep = 10;

    /// <summary>So many of the latest comparisons tell whether the promise is still kept.</summary>
    private const int Latest = 100;

    private const int LeastLatest = 20;

    /// <summary>The upper 1 % of a normal distribution, as in the audit.</summary>
    private const double Deviations = 2.33;

    private readonly Lock _gate = new();
    private readonly double? _strongShare;
    private readonly double? _quality;
    private readonly Queue<double> _scores = new();
    private readonly Queue<(double Score, double Weak, double Strong)> _comparisons = new();
    private readonly int _maxComparisons;
    private readonly double _audited;
    private double _threshold;
    private int _sinceStep;
    private int _ownComparisons;

    public MovingThreshold(RoutingPolicy policy, RoutingTarget target)
    {
        _strongShare = policy.StrongShareFor(target);
        _quality = target.Kind == RoutingTarget.TargetKind.Quality ? target.Value : null;
        _threshold = policy.Evidence is null && _strongShare is not null ? double.NegativeInfinity : policy.ThresholdFor(target);
        _audited = _threshold;
        if (policy.Evidence is { } evidence)
        {
            for (var i = 0; i < evidence.Count; i++)
            {
                _scores.Enqueue(evidence.Scores[i]);
                _comparisons.Enqueue((evidence.Scores[i], evidence.Weak[i], evidence.Strong[i]));
            }
        }

        _maxComparisons = Math.Max(200, _comparisons.Count);
    }

    public double Current
    {
        get
        {
            lock (_gate)
            {
                return _threshold;
            }
        }
    }

    /// <summary>Whether the latest comparisons show that the promise would not be kept by the threshold of the audit.</summary>
    public bool HasDrifted { get; private set; }

    /// <summary>How many comparisons there have been since the start.</summary>
    public int Comparisons
    {
        get
        {
            lock (_gate)
            {
                return _ownComparisons;
            }
        }
    }

    /// <summary>The threshold for a call, whose score is remembered.</summary>
    public double For(double score)
    {
        lock (_gate)
        {
            if (_strongShare is { } share)
            {
                _scores.Enqueue(score);
                if (_scores.Count > Window)
                {
                    _scores.Dequeue();
                }

                if (++_sinceStep >= Step || (double.IsNegativeInfinity(_threshold) && _scores.Count == LeastScores))
                {
                    _sinceStep = 0;
                    _threshold =
                        _scores.Count < LeastScores ? double.NegativeInfinity : PolicyEvidence.ThresholdForShare([.. _scores], share);
                }
            }

            return _threshold;
        }
    }

    /// <summary>Learns from the answers of both tiers to a call that was drawn by chance. Returns whether it has just turned out that the promise is not kept any more.</summary>
    public bool Learn(double score, double weak, double strong)
    {
        lock (_gate)
        {
            _comparisons.Enqueue((score, weak, strong));
            if (_comparisons.Count > _maxComparisons)
            {
                _comparisons.Dequeue();
            }

            if (++_ownComparisons % ComparisonStep != 0 || _quality is not { } share)
            {
                return false;
            }

            // The newest take the place of the oldest, so that what the audit said is forgotten by and by. What has changed at once is found by the latest alone.
            var known = _comparisons.ToArray();
            _threshold = Find(known, share);
            var latest = known[^Math.Min(Math.Min(Latest, known.Length), _ownComparisons)..];
            var wasDrifting = HasDrifted;
            HasDrifted = latest.Length >= LeastLatest && IsBroken(latest, share);
            if (HasDrifted)
            {
                _threshold = Math.Min(_threshold, Find(latest, share));
            }

            return HasDrifted && !wasDrifting;
        }
    }

    private static double Find((double Score, double Weak, double Strong)[] known, double share) =>
        PromisedThreshold.Find(
            Array.ConvertAll(known, one => one.Score),
            Array.ConvertAll(known, one => one.Weak),
            Array.ConvertAll(known, one => one.Strong),
            share
        );

    /// <summary>Whether more quality is lost by the threshold of the audit than promised, beyond chance.</summary>
    private bool IsBroken((double Score, double Weak, double Strong)[] latest, double share)
    {
        var losses = Array.ConvertAll(latest, one => (share * one.Strong) - (one.Score >= _audited ? one.Strong : one.Weak));
        var mean = losses.Average();
        var deviation = Math.Sqrt(losses.Sum(loss => (loss - mean) * (loss - mean)) / losses.Length / losses.Length);
        return mean - (Deviations * deviation) > 0;
    }
}
