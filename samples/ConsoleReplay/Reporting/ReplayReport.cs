using ConsoleReplay.Logs;
using ConsoleReplay.Running;

namespace ConsoleReplay.Reporting;

/// <summary>All that is shown after a replay.</summary>
internal sealed record ReplayReport
{
    /// <summary>What was replayed, in a few words.</summary>
    public required string Title { get; init; }

    /// <summary>The models that the calls were priced as.</summary>
    public required IReadOnlyList<string> Models { get; init; }

    /// <summary>What is real and what is built, assumed or recorded.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    public IReadOnlyList<LogProblem> Problems { get; init; } = [];

    public required ReplayFigures Figures { get; init; }

    public required ReplayOutcome Outcome { get; init; }

    /// <summary>The share of calls, 0 to 1, that repeat an earlier one exactly.</summary>
    public double RepeatShare { get; init; }

    /// <summary>The volume for which the monthly bill is extrapolated.</summary>
    public long CallsPerMonth { get; init; } = 1_000_000;

    /// <summary>The day of the prices.</summary>
    public DateOnly PricesAsOf { get; init; }

    /// <summary>What a month costs without cost controls, in USD: the cost of a call times the volume. Null when nothing is priced.</summary>
    public decimal? MonthWithout => PerMonth(Figures.BaselineCost);

    /// <summary>What a month costs with cost controls, in USD.</summary>
    public decimal? MonthWith => PerMonth(Figures.ActualCost);

    private decimal? PerMonth(decimal cost) =>
        Figures.Calls > Figures.UnpricedCalls ? cost / (Figures.Calls - Figures.UnpricedCalls) * CallsPerMonth : null;
}
