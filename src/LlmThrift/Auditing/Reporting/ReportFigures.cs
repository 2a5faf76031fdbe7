using LlmThrift.Internal;
using LlmThrift.Routing;

namespace LlmThrift.Auditing.Reporting;

/// <summary>The figures of a report: all sums, and no text.</summary>
internal sealed record ReportFigures
{
    /// <summary>Of fewer requests, a share is a hint at most.</summary>
    public const int FewRequests = 30;

    /// <summary>So many requests with a worse answer are shown.</summary>
    public const int WorstShown = 20;

    /// <summary>A larger audit is imagined up to so many times the size.</summary>
    public const int LargestAudit = 8;

    /// <summary>Lower targets are tried down to this one.</summary>
    public const double LowestTarget = 0.5;

    private ReportFigures(AuditResult result) => Result = result;

    public AuditResult Result { get; }

    public int Judged => Result.Prompts.Count;

    /// <summary>Of all judged requests, those where the cheaper tier's answer is no worse.</summary>
    public required GroupFigures All { get; init; }

    /// <summary>Where the cheaper tier's answer is better than the dearer one's.</summary>
    public required int Better { get; init; }

    public int Worse => All.Count - All.Acceptable;

    /// <summary>Judged by people.</summary>
    public required int ByPeople { get; init; }

    /// <summary>By kind of task, the largest first.</summary>
    public required IReadOnlyList<GroupFigures> Tasks { get; init; }

    /// <summary>By feature, the largest first; an empty name where it is not known. Empty when there is only one.</summary>
    public required IReadOnlyList<GroupFigures> Features { get; init; }

    /// <summary>The requests whose cheaper answer is worse, worst first; at most <see cref="WorstShown"/>.</summary>
    public required IReadOnlyList<AuditedPrompt> Worst { get; init; }

    public required ReportOutcome Outcome { get; init; }

    /// <summary>What the target comes to; null when nothing can be expected.</summary>
    public PolicyPoint? Expected { get; init; }

    /// <summary>Why the target cannot be held to; null when it can.</summary>
    public string? TargetProblem { get; init; }

    /// <summary>The curve by growing share, with the point of the target among its points. Empty without a policy.</summary>
    public required IReadOnlyList<CurveFigures> Curve { get; init; }

    /// <summary>Where there is no saving: the highest lower target of quality that allows one, in steps of 0.01. Null when there is none from <see cref="LowestTarget"/> on.</summary>
    public (double Quality, double WeakShare)? LowerTarget { get; init; }

    /// <summary>
    /// Where there is no saving: how many times as large an audit would have to be, and the share of calls that may then go to the cheaper tier, were it to find what this one
    /// did. Null when not even <see cref="LargestAudit"/> times is enough.
    /// </summary>
    public (int Times, double WeakShare)? LargerAudit { get; init; }

    /// <summary>USD per 1,000 calls, all at the cheaper tier; null when it is not known.</summary>
    public decimal? WeakPer1000 => Result.Weak.CostPerCall * 1_000;

    /// <summary>USD per 1,000 calls, all at the dearer tier; null when it is not known.</summary>
    public decimal? StrongPer1000 => Result.Strong.CostPerCall * 1_000;

    /// <summary>USD per 1,000 calls by the target.</summary>
    public decimal? ExpectedPer1000 => Expected is { } expected ? CostPer1000(expected.StrongShare) : null;

    /// <summary>What routing by the target takes off the bill, in USD per month, against all calls at the dearer tier; below 0 where it adds to it.</summary>
    public decimal? SavedPerMonth => PerMonth(StrongPer1000 - ExpectedPer1000);

    /// <summary>Whether costs tell the tiers apart, as a plot against cost has to.</summary>
    public bool HasCostScale => WeakPer1000 < StrongPer1000;

    public static ReportFigures Of(AuditResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        var prompts = result.Prompts;
        var (expected, problem) = Expectation(result);
        var outcome = OutcomeOf(result, expected, problem);
        var features = Groups(prompts, prompt => prompt.Prompt.Feature ?? "");
        var noSaving = outcome == ReportOutcome.NoSaving ? result.Policy?.Evidence : null;
        return new ReportFigures(result)
        {
            All = GroupFigures.Of("", prompts),
            Better = prompts.Count(prompt => prompt.Judgement.WeakQuality > prompt.Judgement.StrongQuality),
            ByPeople = prompts.Count(prompt => prompt.IsByPerson),
            Tasks = Groups(prompts, prompt => NameOf(prompt.Task)),
            Features = features.Count > 1 ? features : [],
            Worst =
            [
                .. prompts
                    .Where(prompt => !prompt.IsAcceptable)
                    .OrderByDescending(prompt => prompt.Judgement.StrongQuality - prompt.Judgement.WeakQuality)
                    .ThenBy(prompt => prompt.Judgement.WeakQuality)
                    .Take(WorstShown),
            ],
            Outcome = outcome,
            Expected = expected,
            TargetProblem = problem,
            Curve = CurveOf(result, expected),
            LowerTarget = noSaving is null ? null : LowerTargetOf(noSaving, result.Target.Value),
            LargerAudit = noSaving is null ? null : LargerAuditOf(noSaving, result.Target.Value),
        };
    }

    public static string NameOf(TaskType task) => task == TaskType.Faq ? "FAQ" : task.ToString();

    /// <summary>USD per month for a number of USD per 1,000 calls; null when either is not known.</summary>
    public decimal? PerMonth(decimal? per1000) => per1000 / 1_000 * Result.CallsPerMonth;

    private static decimal? CostPer1000(AuditResult result, double strongShare)
    {
        var (weak, strong) = (result.Weak.CostPerCall, result.Strong.CostPerCall);
        return (weak + ((decimal)strongShare * (strong - weak))) * 1_000;
    }

    private static (PolicyPoint? Expected, string? Problem) Expectation(AuditResult result)
    {
        if (result.Policy is not { Evidence: not null } policy)
        {
            return (null, null);
        }

        try
        {
            return (policy.Expect(result.Target), null);
        }
        catch (InvalidOperationException exception)
        {
            return (null, exception.Message);
        }
    }

    private static ReportOutcome OutcomeOf(AuditResult result, PolicyPoint? expected, string? problem) =>
        result.Prompts.Count == 0 ? ReportOutcome.NothingJudged
        : result.Policy is null
            ? result.Prompts.Count < RoutingPolicy.MinPrompts ? ReportOutcome.TooFewJudged
                : ReportOutcome.NoGenerator
        : problem is not null ? ReportOutcome.TargetCannotBeHeld
        : expected is null ? ReportOutcome.PolicyWithoutAudit
        : expected.StrongShare >= 1
            ? result.Target.Kind == RoutingTarget.TargetKind.Quality ? ReportOutcome.NoSaving
                : ReportOutcome.AllStrong
        : expected.StrongShare <= 0 ? ReportOutcome.AllWeak
        : ReportOutcome.Mixed;

    private static List<GroupFigures> Groups(IReadOnlyList<AuditedPrompt> prompts, Func<AuditedPrompt, string> name) =>
        [
            .. prompts
                .GroupBy(name, StringComparer.Ordinal)
                .Select(group => GroupFigures.Of(group.Key, [.. group]))
                .OrderByDescending(group => group.Count)
                .ThenBy(group => group.Name, StringComparer.Ordinal),
        ];

    private static List<CurveFigures> CurveOf(AuditResult result, PolicyPoint? expected)
    {
        var points = (result.Policy?.Curve ?? []).ToList();
        if (expected is not null)
        {
            points.RemoveAll(point => point.StrongShare == expected.StrongShare);
            points.Add(expected);
        }

        return
        [
            .. points
                .OrderBy(point => point.StrongShare)
                .Select(point => new CurveFigures(point, CostPer1000(result, point.StrongShare), ReferenceEquals(point, expected))),
        ];
    }

    private static (double Quality, double WeakShare)? LowerTargetOf(PolicyEvidence evidence, double target)
    {
        for (var percent = (int)Math.Ceiling(target * 100) - 1; percent >= LowestTarget * 100; percent--)
        {
            var quality = percent / 100.0;
            var point = evidence.At(PromisedThreshold.Find(evidence.Scores, evidence.Weak, evidence.Strong, quality));
            if (point.StrongShare < 1)
            {
                return (quality, 1 - point.StrongShare);
            }
        }

        return null;
    }

    private static (int Times, double WeakShare)? LargerAuditOf(PolicyEvidence evidence, double target)
    {
        for (var times = 2; times <= LargestAudit; times *= 2)
        {
            var threshold = PromisedThreshold.Find(evidence.Scores, evidence.Weak, evidence.Strong, target, times);
            if (evidence.At(threshold).StrongShare is var share and < 1)
            {
                return (times, 1 - share);
            }
        }

        return null;
    }

    private decimal? CostPer1000(double strongShare) => CostPer1000(Result, strongShare);
}

/// <summary>What the first paragraph of a report has to say.</summary>
internal enum ReportOutcome
{
    /// <summary>No request has been judged.</summary>
    NothingJudged,

    /// <summary>There is no policy, as too few requests have been judged.</summary>
    TooFewJudged,

    /// <summary>There is no policy, as there was nothing to make embeddings with.</summary>
    NoGenerator,

    /// <summary>The policy was not fitted to an audit.</summary>
    PolicyWithoutAudit,

    /// <summary>The target needs costs that are not known, or less than the cheaper tier costs.</summary>
    TargetCannotBeHeld,

    /// <summary>At the target of quality the data support no saving.</summary>
    NoSaving,

    /// <summary>By a target that is not one of quality all calls go to the dearer tier.</summary>
    AllStrong,

    /// <summary>All calls may go to the cheaper tier.</summary>
    AllWeak,

    /// <summary>Some calls go to either.</summary>
    Mixed,
}

/// <summary>Of a group of requests, those where the cheaper tier's answer is no worse, with Wilson's 95 % interval of their share.</summary>
internal sealed record GroupFigures(string Name, int Count, int Acceptable, double Low, double High)
{
    private const double Deviations95 = 1.959964;

    public double Share => Count == 0 ? 0 : (double)Acceptable / Count;

    public bool IsFew => Count < ReportFigures.FewRequests;

    public static GroupFigures Of(string name, IReadOnlyCollection<AuditedPrompt> prompts)
    {
        var acceptable = prompts.Count(prompt => prompt.IsAcceptable);
        var (low, high) = BinomialInterval.Wilson(acceptable, prompts.Count, Deviations95);
        return new GroupFigures(name, prompts.Count, acceptable, low, high);
    }
}

/// <summary>A point of the curve, with USD per 1,000 calls where costs are known.</summary>
internal sealed record CurveFigures(PolicyPoint Point, decimal? Per1000, bool IsTarget);
