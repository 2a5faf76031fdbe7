using LlmThrift.Auditing;
using LlmThrift.Auditing.Reporting;
using LlmThrift.Routing;
using Xunit;

namespace LlmThrift.Tests.Auditing;

public sealed class ReportFiguresTests
{
    [Fact]
    public void Of_a_few_requests_counts_them_by_task_and_feature()
    {
        var figures = ReportFigures.Of(
            SampleAudits.Few(
                SampleAudits.Prompt(1, 1, 1),
                SampleAudits.Prompt(2, 0, 1),
                SampleAudits.Prompt(3, 1, 0.5, TaskType.Code, "editor"),
                SampleAudits.Prompt(4, 0.5, 0.5, feature: null) with
                {
                    IsByPerson = true,
                }
            )
        );

        Assert.Equal((4, 3, 1, 1, 1), (figures.Judged, figures.All.Acceptable, figures.Worse, figures.Better, figures.ByPeople));
        Assert.Equal(0.3006, figures.All.Low, 0.0001);
        Assert.Equal(0.9544, figures.All.High, 0.0001);
        Assert.Equal([("FAQ", 3, 2), ("Code", 1, 1)], figures.Tasks.Select(group => (group.Name, group.Count, group.Acceptable)));
        Assert.Equal(
            [("chat", 2, 1), ("", 1, 1), ("editor", 1, 1)],
            figures.Features.Select(group => (group.Name, group.Count, group.Acceptable))
        );
        Assert.All(figures.Tasks, group => Assert.True(group.IsFew));
        Assert.Null(figures.Expected);
        Assert.Empty(figures.Curve);
    }

    [Fact]
    public void Features_are_left_out_where_there_is_only_one() =>
        Assert.Empty(ReportFigures.Of(SampleAudits.ThirtyWrong(RoutingTarget.StrongShare(0.2))).Features);

    [Fact]
    public void Thirty_requests_are_no_longer_few()
    {
        Assert.True(GroupFigures.Of("", [.. Enumerable.Range(0, 29).Select(i => SampleAudits.Prompt(i, 1, 1))]).IsFew);
        Assert.False(GroupFigures.Of("", [.. Enumerable.Range(0, 30).Select(i => SampleAudits.Prompt(i, 1, 1))]).IsFew);
    }

    /// <summary>On paper: 80 calls go to the cheaper tier, of which ten are wrong, so 90 % is kept; squared residuals are 90 × 0.01 + 10 × 0.81 = 9, so a deviation is 0.03.</summary>
    [Fact]
    public void Target_comes_to_what_it_does_on_paper()
    {
        var figures = ReportFigures.Of(SampleAudits.ThirtyWrong(RoutingTarget.StrongShare(0.2)) with { CallsPerMonth = 1_000_000 });

        Assert.Equal(ReportOutcome.Mixed, figures.Outcome);
        Assert.Equal(0.2, figures.Expected!.StrongShare, 1e-12);
        Assert.Equal(0.9, figures.Expected.Quality, 1e-12);
        Assert.Equal(0.9 - (1.96 * 0.03), figures.Expected.QualityLow, 1e-9);
        Assert.Equal((1m, 3m, 11m), (figures.WeakPer1000, figures.ExpectedPer1000, figures.StrongPer1000));
        Assert.Equal(8_000m, figures.SavedPerMonth);
    }

    [Fact]
    public void Curve_goes_from_one_tier_to_the_other_and_holds_the_target_once()
    {
        var figures = ReportFigures.Of(SampleAudits.ThirtyWrong(RoutingTarget.StrongShare(0.23)));
        var onGrid = ReportFigures.Of(SampleAudits.ThirtyWrong(RoutingTarget.StrongShare(0.2)));

        Assert.Equal((22, 21), (figures.Curve.Count, onGrid.Curve.Count));
        foreach (var curve in new[] { figures.Curve, onGrid.Curve })
        {
            Assert.Single(curve, step => step.IsTarget);
            Assert.Equal(curve.OrderBy(step => step.Point.StrongShare), curve);
            Assert.Equal(
                (0, 1, 1m, 11m),
                (curve[0].Point.StrongShare, curve[^1].Point.StrongShare, curve[0].Per1000!.Value, curve[^1].Per1000!.Value)
            );
        }

        Assert.Equal(3.3m, figures.Curve.Single(step => step.IsTarget).Per1000);
    }

    [Fact]
    public void Costs_that_are_not_known_stay_unknown()
    {
        var figures = ReportFigures.Of(
            SampleAudits.ThirtyWrong(RoutingTarget.StrongShare(0.2)) with
            {
                Weak = SampleAudits.Weak with { CostPerCall = null },
                CallsPerMonth = 5,
            }
        );

        Assert.Equal(
            (null, null, null, false),
            (figures.WeakPer1000, figures.ExpectedPer1000, figures.SavedPerMonth, figures.HasCostScale)
        );
        Assert.All(figures.Curve, step => Assert.Null(step.Per1000));
    }

    [Fact]
    public void Worst_come_first_and_twenty_at_most()
    {
        var figures = ReportFigures.Of(
            SampleAudits.Few([
                SampleAudits.Prompt(1, 0.5, 1),
                SampleAudits.Prompt(2, 0.5, 0.75),
                SampleAudits.Prompt(3, 0, 1),
                SampleAudits.Prompt(4, 0, 0.5),
                SampleAudits.Prompt(5, 1, 0),
            ])
        );
        var many = ReportFigures.Of(SampleAudits.ThirtyWrong(RoutingTarget.StrongShare(0.2)));

        Assert.Equal(["r3", "r4", "r1", "r2"], figures.Worst.Select(prompt => prompt.Prompt.Id));
        Assert.Equal((30, 20, "r70"), (many.Worse, many.Worst.Count, many.Worst[0].Prompt.Id));
    }

    /// <summary>Of the 20 that score lowest one is wrong: 0.02 × 100 - 1 is left of the allowed loss, which is too little for the 99 % bound of 100 requests, and enough for that of 800.</summary>
    [Fact]
    public void Without_a_saving_says_what_a_larger_audit_and_a_lower_target_would_do()
    {
        var figures = ReportFigures.Of(SampleAudits.Hundred(RoutingTarget.Quality(0.98), [5, .. Enumerable.Range(50, 50)]));

        Assert.Equal(ReportOutcome.NoSaving, figures.Outcome);
        Assert.Equal(double.NegativeInfinity, figures.Expected!.Threshold);
        Assert.Equal(8, figures.LargerAudit!.Value.Times);
        Assert.Equal(0.5, figures.LargerAudit.Value.WeakShare, 0.011);
        Assert.InRange(figures.LowerTarget!.Value.Quality, 0.94, 0.97);
        Assert.InRange(figures.LowerTarget.Value.WeakShare, 0.2, 0.55);
    }

    [Fact]
    public void Where_nothing_would_help_that_is_what_is_found()
    {
        var figures = ReportFigures.Of(SampleAudits.Hundred(RoutingTarget.Quality(0.51), Enumerable.Range(0, 80)));
        var saving = ReportFigures.Of(SampleAudits.ThirtyWrong(RoutingTarget.Quality(0.9)));

        Assert.Equal(ReportOutcome.Mixed, figures.Outcome);
        figures = ReportFigures.Of(SampleAudits.Hundred(RoutingTarget.Quality(0.9), Enumerable.Range(0, 100)));
        Assert.Equal((ReportOutcome.NoSaving, null), (figures.Outcome, figures.LargerAudit));
        Assert.Equal((ReportOutcome.Mixed, null, null), (saving.Outcome, saving.LargerAudit, saving.LowerTarget));
    }

    [Fact]
    public void Outcome_is_that_of_policy_and_target()
    {
        var result = SampleAudits.ThirtyWrong(RoutingTarget.StrongShare(0.2));
        var costless = new RoutingPolicy(result.Policy!.Model, result.Policy.Evidence, null)
        {
            WeakTier = new PolicyTier("small"),
            StrongTier = new PolicyTier("large"),
            EmbeddingModel = "m",
            CreatedAt = SampleAudits.At,
        };

        Assert.Equal(ReportOutcome.NothingJudged, Of(result with { Prompts = [] }));
        Assert.Equal(ReportOutcome.TooFewJudged, Of(result with { Policy = null, Prompts = [.. result.Prompts.Take(49)] }));
        Assert.Equal(ReportOutcome.NoGenerator, Of(result with { Policy = null }));
        Assert.Equal(ReportOutcome.PolicyWithoutAudit, Of(result with { Policy = RoutingPolicy.WithoutAudit("small", "large") }));
        Assert.Equal(ReportOutcome.TargetCannotBeHeld, Of(result with { Target = RoutingTarget.CostPer1000Calls(0.5m) }));
        Assert.Equal(ReportOutcome.TargetCannotBeHeld, Of(result with { Target = RoutingTarget.CostPer1000Calls(5), Policy = costless }));
        Assert.Equal(ReportOutcome.AllStrong, Of(result with { Target = RoutingTarget.StrongShare(1) }));
        Assert.Equal(ReportOutcome.AllWeak, Of(result with { Target = RoutingTarget.StrongShare(0) }));
        Assert.Equal(ReportOutcome.AllWeak, Of(SampleAudits.Hundred(RoutingTarget.Quality(0.98))));

        static ReportOutcome Of(AuditResult result) => ReportFigures.Of(result).Outcome;
    }
}
