using System.Globalization;
using LlmThrift.Auditing;
using LlmThrift.Auditing.Reporting;
using LlmThrift.Routing;
using Xunit;

namespace LlmThrift.Tests.Auditing;

public sealed class ReportTextTests
{
    private static readonly AuditResult Audit = SampleAudits.ThirtyWrong(RoutingTarget.StrongShare(0.2));

    [Fact]
    public void Summary_of_a_saving_tells_quality_cost_and_money_a_month() =>
        Assert.Equal(
            "Of 100 judged requests, the cheaper tier's answer was no worse than the dearer tier's in 70 % (95 % interval 60.4 to 78.1 %). "
                + "By the target strong share 0.2, 20 % of the calls would go to the dearer tier and the others to the cheaper one, "
                + "keeping 90 % (95 % interval 84.1 to 95.9 %) of the dearer tier's quality. "
                + "1,000 calls would cost $3.00 instead of $11.00, which is $8,000 less a month at 1,000,000 calls.",
            Summary(Audit with { CallsPerMonth = 1_000_000 })
        );

    [Fact]
    public void Summary_without_the_number_of_calls_says_so() =>
        Assert.EndsWith(
            "$3.00 instead of $11.00, 72.7 % less; how much that is a month is not known, as the audit was not told the number of calls.",
            Summary(Audit),
            StringComparison.Ordinal
        );

    [Fact]
    public void Summary_without_costs_says_so() =>
        Assert.EndsWith(
            "dearer tier's quality. What calls cost is not known, and so neither is what would be saved: give the audit prices for both models.",
            Summary(Audit with { Strong = SampleAudits.Strong with { CostPerCall = null }, CallsPerMonth = 5 }),
            StringComparison.Ordinal
        );

    [Fact]
    public void Summary_of_a_cheaper_tier_that_is_the_dearer_one_says_so()
    {
        var wrong = Audit with { Weak = SampleAudits.Strong, Strong = SampleAudits.Weak };

        Assert.EndsWith(
            "1,000 calls would cost $9.00 instead of $1.00: the tier that was taken for the cheaper one is not, and nothing is saved.",
            Summary(wrong),
            StringComparison.Ordinal
        );
        Assert.EndsWith(
            "nothing is saved ($8,000 more a month at 1,000,000 calls).",
            Summary(wrong with { CallsPerMonth = 1_000_000 }),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Summary_of_too_few_requests_says_how_many_it_takes() =>
        Assert.Equal(
            "Of 1 judged request, the cheaper tier's answer was no worse than the dearer tier's in 100 % (95 % interval 20.7 to 100.0 %). "
                + "That is too few for a routing policy: it takes 50, and 500 for a promise that is worth something. "
                + "1,000 calls cost $1.00 at the cheaper tier and $11.00 at the dearer one.",
            Summary(SampleAudits.Few(SampleAudits.Prompt(1, 1, 1)))
        );

    [Fact]
    public void Summary_without_a_policy_tells_what_calls_cost_a_month() =>
        Assert.EndsWith(
            "There is no routing policy, as the audit had no embedding generator to make one with: what the target comes to is not known. "
                + "1,000 calls cost $1.00 at the cheaper tier and $11.00 at the dearer one; at 20,000 calls a month, that is $20.00 and $220.00 a month.",
            Summary(Audit with { Policy = null, CallsPerMonth = 20_000 }),
            StringComparison.Ordinal
        );

    [Fact]
    public void Summary_of_nothing_judged_says_so() =>
        Assert.Equal("No request has been judged yet, so nothing can be said of the two tiers.", Summary(SampleAudits.Few()));

    [Fact]
    public void Summary_of_a_policy_without_an_audit_says_so() =>
        Assert.Contains(
            "The routing policy was not fitted to an audit",
            Summary(Audit with { Policy = RoutingPolicy.WithoutAudit("small", "large") }),
            StringComparison.Ordinal
        );

    [Fact]
    public void Summary_of_a_target_that_cannot_be_held_says_why() =>
        Assert.Contains(
            "What routing would keep cannot be said. The target \"cost 0.5\" cannot be held: calls of the weaker tier alone cost 1 USD per 1,000.",
            Summary(Audit with { Target = RoutingTarget.CostPer1000Calls(0.5m) }),
            StringComparison.Ordinal
        );

    [Fact]
    public void Summary_without_a_saving_says_what_would_help()
    {
        var summary = Summary(
            SampleAudits.Hundred(RoutingTarget.Quality(0.98), [5, .. Enumerable.Range(50, 50)]) with
            {
                CallsPerMonth = 1_000,
            }
        );

        Assert.Contains(
            "The data support no saving at the target quality 0.98: all calls go to the dearer tier.",
            summary,
            StringComparison.Ordinal
        );
        Assert.Matches(
            "An audit about 8 times as large, if it found the same, would let [45][0-9] % of the calls go to the cheaper tier.",
            summary
        );
        Assert.Matches(
            "With a lower target, quality 0.9[4-7], [2-5][0-9] % of the calls could go to the cheaper tier by the data at hand.",
            summary
        );
        Assert.EndsWith("1,000 calls cost $11.00, as without routing: $11.00 a month at 1,000 calls.", summary, StringComparison.Ordinal);
    }

    [Fact]
    public void Summary_without_a_saving_says_that_nothing_would_help()
    {
        // The 20 that have to go to the cheaper tier before anything can be said are too many of 50.
        var hopeless = SampleAudits.Policy(new double[50], [.. Enumerable.Repeat(1.0, 50)]);
        var summary = Summary(Audit with { Target = RoutingTarget.Quality(0.9), Policy = hopeless });

        Assert.Contains("Not even an audit 8 times as large would change that, if it found the same.", summary, StringComparison.Ordinal);
        Assert.Contains("Nor would a lower target, down to quality 0.5.", summary, StringComparison.Ordinal);
        Assert.EndsWith("1,000 calls cost $11.00, as without routing.", summary, StringComparison.Ordinal);
    }

    [Fact]
    public void Summary_of_all_calls_at_one_tier_says_so()
    {
        Assert.Contains(
            "By the target strong share 1, all calls go to the dearer tier, so nothing is saved. 1,000 calls cost $11.00",
            Summary(Audit with { Target = RoutingTarget.StrongShare(1) }),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "By the target strong share 0, all calls could go to the cheaper tier, keeping 70 % (95 % interval 61.0 to 79.0 %) of the dearer tier's quality.",
            Summary(Audit with { Target = RoutingTarget.StrongShare(0) }),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void What_is_left_to_do_is_told()
    {
        Assert.Null(ReportText.Unfinished(ReportFigures.Of(Audit)));
        Assert.Contains(
            "of 1,200 requests drawn, 3 failed, 1 waits for a judgement, 40 were not asked, as the money was spent.",
            ReportText.Unfinished(ReportFigures.Of(Audit with { Sampled = 1_200, Failed = 3, Unjudged = 1, Unasked = 40 })),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("0", "$0.00")]
    [InlineData("0.00001234", "$0.00001234")]
    [InlineData("0.0123", "$0.0123")]
    [InlineData("2.5", "$2.50")]
    [InlineData("999.994", "$999.99")]
    [InlineData("1234567.8", "$1,234,568")]
    [InlineData("-12", "-$12.00")]
    public void Usd_shows_as_many_digits_as_matter(string amount, string text) =>
        Assert.Equal(text, ReportText.Usd(decimal.Parse(amount, CultureInfo.InvariantCulture)));

    [Fact]
    public void Shares_are_never_minus_zero() => Assert.Equal("0 %", ReportText.Percent(-0.0001));

    [Fact]
    public void Excerpt_is_cut_without_halving_a_character()
    {
        var text = new string('a', 599) + "😀 and more";

        Assert.Equal(new string('a', 599) + "…", ReportText.Excerpt(text));
        Assert.Equal(new string('b', 600), ReportText.Excerpt(new string('b', 600)));
        Assert.Equal(new string('b', 600) + "…", ReportText.Excerpt(new string('b', 601)));
    }

    [Fact]
    public void Clean_text_holds_nothing_that_a_page_cannot() =>
        Assert.Equal("a\nb\nc\td\uFFFDe\uFFFDf\uFFFDg😀", ReportText.Clean("a\r\nb\rc\td\0e\uD800f\uFFFEg😀"));

    private static string Summary(AuditResult result) =>
        string.Join(' ', ReportText.Summary(ReportFigures.Of(result))).Replace("**", "", StringComparison.Ordinal);
}
