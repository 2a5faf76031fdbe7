using System.Globalization;
using System.Text;
using LlmThrift.Routing;

namespace LlmThrift.Auditing.Reporting;

/// <summary>
/// The words of a report, which are the same in each format. Sentences hold no text of the audit's data, so that they need no escaping but the format's own; two asterisks begin and
/// end what is to stand out.
/// </summary>
internal static class ReportText
{
    /// <summary>Of a prompt or an answer, so many characters are shown.</summary>
    public const int ShownCharacters = 600;

    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    /// <summary>The first paragraph, sentence by sentence.</summary>
    public static IReadOnlyList<string> Summary(ReportFigures figures)
    {
        if (figures.Outcome == ReportOutcome.NothingJudged)
        {
            return ["No request has been judged yet, so nothing can be said of the two tiers."];
        }

        var all = figures.All;
        var requests = all.Count == 1 ? "1 judged request" : $"{Count(all.Count)} judged requests";
        return
        [
            $"Of {requests}, the cheaper tier's answer was no worse than the dearer tier's in **{Percent(all.Share)}** (95 % interval {Range(all.Low, all.High)}).",
            .. OfPolicy(figures),
            OfCosts(figures),
        ];
    }

    /// <summary>What is left to do; null when there is nothing.</summary>
    public static string? Unfinished(ReportFigures figures)
    {
        var result = figures.Result;
        if (result.IsComplete)
        {
            return null;
        }

        List<string> parts = [];
        if (result.Failed > 0)
        {
            parts.Add($"{Count(result.Failed)} failed");
        }

        if (result.Unjudged > 0)
        {
            parts.Add(result.Unjudged == 1 ? "1 waits for a judgement" : $"{Count(result.Unjudged)} wait for a judgement");
        }

        if (result.Unasked > 0)
        {
            parts.Add(
                result.Unasked == 1
                    ? "1 was not asked, as the money was spent"
                    : $"{Count(result.Unasked)} were not asked, as the money was spent"
            );
        }

        return $"The audit is not finished: of {Count(result.Sampled)} requests drawn, {string.Join(", ", parts)}. Where these are not like the others, the figures are off.";
    }

    /// <summary>The ends of the curve and the point of the target, for those who do not see the plot. Empty without a curve.</summary>
    public static string OfCurve(ReportFigures figures)
    {
        if (figures.Curve.Count == 0)
        {
            return "";
        }

        var text = new StringBuilder();
        var weak = figures.Curve[0];
        if (weak.Point.StrongShare == 0)
        {
            text.Append(Invariant, $"With all calls at the cheaper tier {Percent(weak.Point.Quality)} of the dearer tier's quality is kept")
                .Append(weak.Per1000 is { } cost ? $", at {Usd(cost)} per 1,000 calls. " : ". ");
        }

        if (figures.Expected is { StrongShare: > 0 and < 1 } expected)
        {
            text.Append(
                    Invariant,
                    $"By the target {figures.Result.Target}, {Percent(expected.StrongShare)} of the calls go to the dearer tier and {Percent(expected.Quality)} is kept ({Range(expected.QualityLow, expected.QualityHigh)})"
                )
                .Append(figures.ExpectedPer1000 is { } cost ? $", at {Usd(cost)}. " : ". ");
        }

        text.Append("With all calls at the dearer tier it is 100 %")
            .Append(figures.StrongPer1000 is { } strong ? $", at {Usd(strong)}. " : ". ");
        return text.Append("Calls sent to either tier by chance would come to lie on the straight line between both ends.").ToString();
    }

    /// <summary>Why there is no curve; null when there is one.</summary>
    public static string? WithoutCurve(ReportFigures figures) =>
        figures.Curve.Count > 0
            ? null
            : figures.Outcome switch
            {
                ReportOutcome.TooFewJudged or ReportOutcome.NothingJudged =>
                    $"There is no curve yet: it takes a policy, and a policy takes {Count(RoutingPolicy.MinPrompts)} judged requests.",
                ReportOutcome.PolicyWithoutAudit => "There is no curve, as the policy was not fitted to an audit.",
                _ => "There is no curve, as there is no policy: the audit had no embedding generator.",
            };

    /// <summary>What was better and worse, before the worst are shown.</summary>
    public static string OfWorst(ReportFigures figures)
    {
        if (figures.Worse == 0)
        {
            return figures.Judged == 0
                ? "No request has been judged yet."
                : "In no judged request was the cheaper tier's answer worse than the dearer tier's.";
        }

        var counts =
            $"The cheaper tier's answer was worse in {Count(figures.Worse)} of {Count(figures.Judged)} requests, and better in {Count(figures.Better)}.";
        var cut = $"Texts are cut to {ShownCharacters} characters.";
        return figures.Worse > figures.Worst.Count
            ? $"{counts} These are the {Count(figures.Worst.Count)} worst. {cut}"
            : $"{counts} {cut}";
    }

    /// <summary>How the audit was made: what it is, how much or who, and whether that is text of somebody's.</summary>
    public static IReadOnlyList<(string Name, string Value, bool IsData)> Facts(ReportFigures figures)
    {
        var result = figures.Result;
        List<(string Name, string Value, bool IsData)> facts =
        [
            ("Made", Time(result.At), false),
            ("Cheaper tier", Tier(result.Weak), true),
            ("Dearer tier", Tier(result.Strong), true),
            ("Requests drawn", Count(result.Sampled), false),
            (
                "Judged",
                $"{Count(figures.Judged)}: {Count(figures.Judged - figures.ByPeople)} by a model or a rule, {Count(figures.ByPeople)} by people",
                false
            ),
            ("Failed", $"{Count(result.Failed)} (asked again in the next run)", false),
            ("Interrupted", $"{Count(result.Interrupted)} (left out; not asked again, as they may have been paid for)", false),
            ("Not judged yet", $"{Count(result.Unjudged)} (the judge could not tell, or people have yet to)", false),
            ("Not asked", $"{Count(result.Unasked)} (the money was spent)", false),
            ("Spent", $"{Usd(result.Spent)}, interrupted requests counted at their most", false),
            ("Target", result.Target.ToString(), false),
        ];
        if (result.Policy is { } policy)
        {
            facts.Add(("Policy fitted to", $"{Count(policy.Prompts)} requests", false));
            facts.Add(("Embeddings", policy.EmbeddingModel, true));
            facts.Add(("SHA-256 of its data", policy.DataDigest.Length > 0 ? policy.DataDigest : "none, as it has no audit", true));
            facts.Add(
                policy.SignOff is { } signOff
                    ? ("Signed off", $"for {signOff.Target} by {signOff.By}, {Time(signOff.At)}", true)
                    : ("Signed off", "by nobody yet", false)
            );
        }

        return facts;
    }

    /// <summary>How the figures are to be read.</summary>
    public static IReadOnlyList<string> Notes(ReportFigures figures)
    {
        List<string> notes =
        [
            "**No worse** means that the judge gave the cheaper tier's answer at least the quality that it gave the dearer tier's. Where both are bad, it is no worse.",
            "**Intervals of shares** are Wilson's (1927), at 95 %. They allow for the chance of the draw, and not for a judge that errs or for traffic that changes.",
        ];
        if (figures.Curve.Count > 0)
        {
            notes.Add(
                "**Quality kept** is the mean quality of the routed answers by that of the dearer tier's. Each request is scored without having been learned from, so the curve tells of requests that the policy has not seen."
            );
            notes.Add(
                "**Intervals of quality** are those of a ratio of means (delta method), at 95 %, for each point by itself: they do not allow for the point having been chosen by the same requests. A target of quality does: its threshold is found from the safest on, each by a one-sided bound of 99 % (Angelopoulos et al., \"Learn then Test\", 2021)."
            );
        }

        if (figures.StrongPer1000 is not null && figures.WeakPer1000 is not null)
        {
            notes.Add(
                "**Costs** are means of the audit's own calls. Where a share s of the calls goes to the dearer tier, a call costs weak + s × (strong − weak), as if requests at either tier were of the same length on average. What it costs to embed requests is not in it."
            );
        }

        return notes;
    }

    /// <summary>The feature, or what stands in its place.</summary>
    public static string FeatureOf(string? feature) => string.IsNullOrEmpty(feature) ? "(no feature)" : feature;

    /// <summary>A prompt or an answer, cut to <see cref="ShownCharacters"/>, without characters that pages cannot hold.</summary>
    public static string Excerpt(string text)
    {
        if (text.Length <= ShownCharacters)
        {
            return Clean(text);
        }

        // Not in the middle of a pair of surrogates.
        var end = char.IsHighSurrogate(text[ShownCharacters - 1]) ? ShownCharacters - 1 : ShownCharacters;
        return Clean(text[..end]) + "…";
    }

    /// <summary>Text without control characters and halves of characters, which neither HTML nor XML can hold; lines end with a line feed.</summary>
    public static string Clean(string text)
    {
        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.ReplaceLineEndings("\n").EnumerateRunes())
        {
            var isAllowed = rune.Value is '\n' or '\t' || (!Rune.IsControl(rune) && (rune.Value & 0xFFFE) != 0xFFFE);
            clean.Append(isAllowed ? rune.ToString() : "\uFFFD");
        }

        return clean.ToString();
    }

    public static string Count(long count) => count.ToString("N0", Invariant);

    /// <summary>Percent with a digit after the point, unless that is a zero.</summary>
    public static string Percent(double share) => Number(share * 100, "0.#") + " %";

    /// <summary>Percent with a digit after the point, for columns.</summary>
    public static string PercentInColumn(double share) => Number(share * 100, "0.0") + " %";

    public static string Range(double low, double high) => $"{Number(low * 100, "0.0")} to {Number(high * 100, "0.0")} %";

    /// <summary>USD: cents, fewer digits where there are thousands, and more where there are less than a few cents.</summary>
    public static string Usd(decimal amount)
    {
        var size = Math.Abs(amount);
        var format =
            size >= 1_000 ? "#,##0"
            : size >= 0.1m || size == 0 ? "0.00"
            : size >= 0.001m ? "0.0000"
            : "0.00########";
        var number = size.ToString(format, Invariant);
        return amount < 0 ? $"-${number}" : $"${number}";
    }

    /// <summary>A quality as it was judged, from 0 to 1.</summary>
    public static string Quality(double quality) => Number(quality, "0.##");

    public static string Number(double number, string format)
    {
        var text = number.ToString(format, Invariant);
        return text.AsSpan().IndexOfAnyInRange('1', '9') < 0 ? text.TrimStart('-') : text;
    }

    public static string Time(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm 'UTC'", Invariant);

    /// <summary>The name of a tier, with its model where that is another.</summary>
    public static string Model(PolicyTier tier) => tier.ModelId is { } model && model != tier.Name ? $"{tier.Name} ({model})" : tier.Name;

    private static string Tier(PolicyTier tier) =>
        $"{Model(tier)}, {(tier.CostPerCall is { } cost ? $"{Usd(cost * 1_000)} per 1,000 calls" : "cost not known")}";

    private static IEnumerable<string> OfPolicy(ReportFigures figures)
    {
        var target = figures.Result.Target;
        switch (figures.Outcome)
        {
            case ReportOutcome.TooFewJudged:
                yield return $"That is too few for a routing policy: it takes {Count(RoutingPolicy.MinPrompts)}, and 500 for a promise that is worth something.";
                break;
            case ReportOutcome.NoGenerator:
                yield return "There is no routing policy, as the audit had no embedding generator to make one with: what the target comes to is not known.";
                break;
            case ReportOutcome.PolicyWithoutAudit:
                yield return "The routing policy was not fitted to an audit: what the target comes to is not known.";
                break;
            case ReportOutcome.TargetCannotBeHeld:
                yield return $"What routing would keep cannot be said. {figures.TargetProblem}";
                break;
            case ReportOutcome.NoSaving:
                yield return $"**The data support no saving at the target {target}**: all calls go to the dearer tier.";
                yield return figures.LargerAudit is { } larger
                    ? $"An audit about {Count(larger.Times)} times as large, if it found the same, would let {Percent(larger.WeakShare)} of the calls go to the cheaper tier."
                    : $"Not even an audit {Count(ReportFigures.LargestAudit)} times as large would change that, if it found the same.";
                yield return figures.LowerTarget is { } lower
                    ? $"With a lower target, quality {Number(lower.Quality, "0.##")}, {Percent(lower.WeakShare)} of the calls could go to the cheaper tier by the data at hand."
                    : $"Nor would a lower target, down to quality {Number(ReportFigures.LowestTarget, "0.##")}.";
                break;
            case ReportOutcome.AllStrong:
                yield return $"By the target {target}, all calls go to the dearer tier, so nothing is saved.";
                break;
            case ReportOutcome.AllWeak when figures.Expected is { } expected:
                yield return $"By the target **{target}**, **all calls** could go to the cheaper tier, keeping **{Percent(expected.Quality)}** (95 % interval {Range(expected.QualityLow, expected.QualityHigh)}) of the dearer tier's quality.";
                break;
            case ReportOutcome.Mixed when figures.Expected is { } expected:
                yield return $"By the target **{target}**, **{Percent(expected.StrongShare)}** of the calls would go to the dearer tier and the others to the cheaper one, keeping **{Percent(expected.Quality)}** (95 % interval {Range(expected.QualityLow, expected.QualityHigh)}) of the dearer tier's quality.";
                break;
            default:
                break;
        }
    }

    private static string OfCosts(ReportFigures figures)
    {
        if (figures.WeakPer1000 is not { } weak || figures.StrongPer1000 is not { } strong)
        {
            return "What calls cost is not known, and so neither is what would be saved: give the audit prices for both models.";
        }

        var calls = figures.Result.CallsPerMonth;
        if (figures.ExpectedPer1000 is not { } expected)
        {
            return $"1,000 calls cost {Usd(weak)} at the cheaper tier and {Usd(strong)} at the dearer one"
                + (
                    calls is { } number
                        ? $"; at {Count(number)} calls a month, that is {Usd(figures.PerMonth(weak)!.Value)} and {Usd(figures.PerMonth(strong)!.Value)} a month."
                        : "."
                );
        }

        if (figures.Outcome is ReportOutcome.NoSaving or ReportOutcome.AllStrong)
        {
            return $"1,000 calls cost {Usd(strong)}, as without routing"
                + (calls is { } number ? $": {Usd(figures.PerMonth(strong)!.Value)} a month at {Count(number)} calls." : ".");
        }

        var difference = strong - expected;
        if (difference <= 0)
        {
            return $"1,000 calls would cost **{Usd(expected)}** instead of {Usd(strong)}: the tier that was taken for the cheaper one is not, and nothing is saved"
                + (calls is { } number ? $" ({Usd(-figures.SavedPerMonth!.Value)} more a month at {Count(number)} calls)." : ".");
        }

        return $"1,000 calls would cost **{Usd(expected)}** instead of **{Usd(strong)}**, "
            + (
                calls is { } known
                    ? $"which is **{Usd(figures.SavedPerMonth!.Value)} less a month** at {Count(known)} calls."
                    : $"{Percent((double)(difference / strong))} less; how much that is a month is not known, as the audit was not told the number of calls."
            );
    }
}
