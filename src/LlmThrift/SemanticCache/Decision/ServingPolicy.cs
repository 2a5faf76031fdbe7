namespace LlmThrift.SemanticCache;

/// <summary>
/// Decides whether a question is served from the cache, so that the share of wrong answers among those served stays under a limit. One for each
/// registration; safe for concurrent use.
/// </summary>
/// <remarks>
/// <para>After the idea of verified semantic caching (Schroeder et al., "vCache: Verified Semantic Prompt Caching", arXiv 2502.03771): no fixed
/// threshold, but an estimate of the error that is learnt while serving, and exploration while the evidence is thin. Different from it: the
/// estimate uses the agreement of many neighbours and starts from a fitted model, and the limit is kept over all served answers.</para>
/// <para>A decision: the neighbours vote for an answer; guards forbid what differs in numbers, names, negation and the like; the model gives the
/// log-odds of an error; the calibrator turns them into an upper limit of its probability. Served is what has a limit below a threshold, chosen
/// so that over the last questions the mean of the limits below it is at most the highest share of errors allowed. Some of what would be served
/// is not: the model is called, and the outcome corrects the calibrator where it matters most.</para>
/// </remarks>
internal sealed class ServingPolicy : IServingPolicy
{
    private const int Window = 2000;
    private const int ThresholdEvery = 50;

    /// <summary>Standard deviations of the estimate that the upper limit lies above it.</summary>
    private const double Deviations = 0.5;

    /// <summary>No single answer is served whose limit is more than so many times the share of errors allowed over all.</summary>
    private const double MostForOne = 6;

    private const double LeastAuditShare = 0.01;
    private const double LargestAuditShare = 0.2;
    private const float LargestWeight = 2;

    private readonly Lock _gate = new();
    private readonly Lock _learning = new();
    private readonly ErrorCalibrator _calibrator;
    private readonly ServingModel _model;
    private readonly double _maxErrorRate;
    private readonly RecentLogOdds _recent = new(Window);
    private ulong _random;
    private double _threshold;

    public ServingPolicy(double maxErrorRate, int seed)
        : this(maxErrorRate, seed, ServingModel.Default) { }

    public ServingPolicy(double maxErrorRate, int seed, ServingModel model)
    {
        _maxErrorRate = maxErrorRate;
        _calibrator = new ErrorCalibrator(Math.Min(0.5, MostForOne * maxErrorRate));
        _model = model;
        _random = (ulong)seed;
        _threshold = maxErrorRate;
    }

    public float LeastSimilarity => 0.5f;

    public bool TryDismiss(ReadOnlySpan<Candidate> candidates, out ServingDecision decision)
    {
        if (candidates.IsEmpty)
        {
            decision = new ServingDecision(ServingChoice.Explore, null, 1f, "no_neighbor", default);
            return true;
        }

        Span<float> features = stackalloc float[ServingFeatures.Count];
        var best = ServingFeatures.Compute(candidates, features, out _);
        if (IsHopeless(candidates, best, features, LateFeatures.All, out decision))
        {
            return true;
        }

        decision = default;
        return false;
    }

    public ServingDecision Decide(Span<Candidate> candidates, in AskedQuestion asked)
    {
        if (candidates.IsEmpty)
        {
            return new ServingDecision(ServingChoice.Explore, null, 1f, "no_neighbor", default);
        }

        Span<float> features = stackalloc float[ServingFeatures.Count];
        var best = ServingFeatures.Compute(candidates, features, out var other);
        ref readonly var chosen = ref candidates[best];
        var forbidden = Forbidden(candidates, chosen.Entry.Group, asked.Text, out features[ServingFeatures.CleanShare]);
        if (forbidden != QuestionDifference.None)
        {
            var passed = new DecisionTrace(chosen.Similarity, chosen.Score, float.NaN, 1, candidates[0].Entry);
            return new ServingDecision(ServingChoice.Explore, chosen.Entry, 1f, QuestionGuards.NameOf(forbidden), passed);
        }

        // A score takes longer than all before it: each is asked for only if it could make a difference.
        if (IsHopeless(candidates, best, features, LateFeatures.OwnScore | LateFeatures.OtherScore, out var decision))
        {
            return decision;
        }

        features[ServingFeatures.OwnScore] = ServingFeatures.LogOdds(asked.Score(candidates, best));
        if (other >= 0)
        {
            if (IsHopeless(candidates, best, features, LateFeatures.OtherScore, out decision))
            {
                return decision;
            }

            features[ServingFeatures.OtherScore] = ServingFeatures.LogOdds(asked.Score(candidates, other));
        }

        var logOdds = _model.LogOddsOfError(features);
        if (IsWorthVerifying(features, logOdds))
        {
            features[ServingFeatures.OwnScore] = ServingFeatures.LogOdds(asked.Verify(candidates, best));
            logOdds = _model.LogOddsOfError(features);
        }

        var limit = Judge(logOdds, out var isBelowThreshold, out var auditShare, out var isAudited);
        var weight = isBelowThreshold ? Math.Min(LargestWeight, (float)(1 / auditShare)) : 1;
        var trace = new DecisionTrace(chosen.Similarity, chosen.Score, logOdds, weight, candidates[0].Entry);
        var (choice, reason) =
            isBelowThreshold && !isAudited ? (ServingChoice.Serve, "served")
            : isBelowThreshold ? (ServingChoice.Explore, "audit")
            : (ServingChoice.Explore, ReasonToExplore(candidates, features));
        return new ServingDecision(choice, chosen.Entry, (float)limit, reason, trace);
    }

    public void Learn(
        in DecisionTrace trace,
        ServingChoice wouldHave,
        bool? wasRight,
        ReadOnlySpan<GroupVerdict> verdicts,
        SemanticEntry kept
    )
    {
        if (wasRight is not { } right)
        {
            return;
        }

        trace.Nearest?.Observe(right);
        kept.Observe(right);
        lock (_learning)
        {
            _calibrator.Add(trace.LogOdds, trace.Weight, !right);
        }
    }

    public void ReportWrong(in DecisionTrace trace)
    {
        lock (_learning)
        {
            // Reports come for wrong answers only: they weigh as one.
            _calibrator.Add(trace.LogOdds, 1, isError: true);
        }
    }

    private static string ReasonToExplore(ReadOnlySpan<Candidate> candidates, ReadOnlySpan<float> features) =>
        candidates.Length < 5 ? "thin_evidence"
        : features[0] < 0.8f ? "disagreement"
        : "error_limit";

    private static QuestionDifference Forbidden(
        ReadOnlySpan<Candidate> candidates,
        AnswerGroup group,
        string question,
        out float cleanShare
    )
    {
        var members = new QuestionText[QuestionGuards.MaxMembers];
        var count = 0;
        foreach (ref readonly var candidate in candidates)
        {
            if (candidate.Entry.Group == group && count < members.Length)
            {
                members[count++] = candidate.Entry.Text;
            }
        }

        return QuestionGuards.Forbid(QuestionText.Parse(question), members.AsSpan(0, count), out cleanShare);
    }

    /// <summary>
    /// Whether the log-odds are so high, whatever the features not known yet will be, that nothing is served at them, and nothing learnt from them either.
    /// </summary>
    private bool IsHopeless(
        ReadOnlySpan<Candidate> candidates,
        int best,
        ReadOnlySpan<float> features,
        LateFeatures unknown,
        out ServingDecision decision
    )
    {
        decision = default;
        var logOdds = _model.LeastLogOddsOfError(features, unknown);
        if (_calibrator.LearnsFrom(logOdds))
        {
            return false;
        }

        double limit;
        lock (_gate)
        {
            limit = _calibrator.Upper(logOdds, Deviations);
            if (limit <= MostForOne * _maxErrorRate)
            {
                return false;
            }

            Count(logOdds);
        }

        ref readonly var chosen = ref candidates[best];
        var trace = new DecisionTrace(chosen.Similarity, chosen.Score, logOdds, 1, candidates[0].Entry);
        decision = new ServingDecision(ServingChoice.Explore, chosen.Entry, (float)limit, ReasonToExplore(candidates, features), trace);
        return true;
    }

    /// <summary>Whether the answer would be served, and would not be with another score of its own: verifying takes longer than all the rest.</summary>
    private bool IsWorthVerifying(ReadOnlySpan<float> features, float logOdds)
    {
        var most = _model.GreatestLogOddsOfError(features, LateFeatures.OwnScore);
        lock (_gate)
        {
            return _calibrator.Upper(logOdds, Deviations) <= _threshold && _calibrator.Upper(most, Deviations) > _threshold;
        }
    }

    /// <summary>Counts a decision. Holds the lock.</summary>
    private void Count(float logOdds)
    {
        _recent.Add(logOdds);
        if (_recent.Count % ThresholdEvery == 0)
        {
            SetThreshold();
        }
    }

    private double Judge(float logOdds, out bool isBelowThreshold, out double auditShare, out bool isAudited)
    {
        lock (_gate)
        {
            Count(logOdds);
            var limit = _calibrator.Upper(logOdds, Deviations);
            isBelowThreshold = limit <= _threshold;

            // Where errors are likelier an outcome tells more: the share of audits goes with the root of the limit.
            auditShare = Math.Max(LeastAuditShare, LargestAuditShare * Math.Sqrt(limit));
            isAudited = NextDouble() < auditShare;
            return limit;
        }
    }

    /// <summary>The highest threshold under which the mean of the limits is within the share allowed.</summary>
    private void SetThreshold()
    {
        double sum = 0;
        _threshold = _maxErrorRate;
        var rising = _recent.Rising;
        for (var i = 0; i < rising.Length; i++)
        {
            var limit = _calibrator.Upper(rising[i], Deviations);
            sum += limit;
            if (sum > _maxErrorRate * (i + 1) || limit > MostForOne * _maxErrorRate)
            {
                break;
            }

            _threshold = Math.Max(_maxErrorRate, limit);
        }
    }

    /// <summary>SplitMix64.</summary>
    private double NextDouble()
    {
        var z = _random += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return ((z ^ (z >> 31)) >> 11) * (1.0 / (1ul << 53));
    }
}
