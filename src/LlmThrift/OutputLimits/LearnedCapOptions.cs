using System.Globalization;
using LlmThrift.Internal;

namespace LlmThrift.OutputLimits;

/// <summary>How caps are learned from the length of the app's own finished answers.</summary>
public sealed class LearnedCapOptions
{
    /// <summary>
    /// The quantile of the lengths on which the cap is built. Default: 0.995, so that the length that one answer in 200 exceeds. At least 0.5, below 1.
    /// </summary>
    public double Quantile { get; set; } = 0.995;

    /// <summary>The quantile is multiplied by this. Default: 1.25. At least 1.</summary>
    public double Margin { get; set; } = 1.25;

    /// <summary>No learned cap is lower than this, in tokens. Default: 256. At least 1.</summary>
    public int Floor { get; set; } = 256;

    /// <summary>
    /// No cap is learned from fewer answers than this, by feature and model. An answer counts for less as it ages, see <see cref="HalfLife"/>.
    /// Default: 100. At least 1.
    /// </summary>
    public int MinSamples { get; set; } = 100;

    /// <summary>After this time an answer counts for half. Default: 7 days. Above zero.</summary>
    public TimeSpan HalfLife { get; set; } = TimeSpan.FromDays(7);

    /// <summary>
    /// The share of answers that learned caps may cut. Above it, the margin grows in proportion, up to eightfold, until the share is down again.
    /// Default: 0.005. Above 0, at most 0.5.
    /// </summary>
    public double MaxShareCut { get; set; } = 0.005;

    internal void Validate(OptionsProblems problems)
    {
        problems.AddIf(Quantile is not (>= 0.5 and < 1), Bad(nameof(Quantile), Quantile, "at least 0.5 and below 1, such as 0.995"));
        problems.AddIf(!(Margin >= 1 && double.IsFinite(Margin)), Bad(nameof(Margin), Margin, "at least 1, such as 1.25"));
        problems.AddIf(Floor < 1, Bad(nameof(Floor), Floor, "at least 1 token"));
        problems.AddIf(MinSamples < 1, Bad(nameof(MinSamples), MinSamples, "at least 1"));
        problems.AddIf(HalfLife <= TimeSpan.Zero, Bad(nameof(HalfLife), HalfLife, "above zero, such as 7 days"));
        problems.AddIf(
            MaxShareCut is not (> 0 and <= 0.5),
            Bad(nameof(MaxShareCut), MaxShareCut, "above 0 and at most 0.5, such as 0.005")
        );
    }

    internal LearnedCapOptions Copy() =>
        new()
        {
            Quantile = Quantile,
            Margin = Margin,
            Floor = Floor,
            MinSamples = MinSamples,
            HalfLife = HalfLife,
            MaxShareCut = MaxShareCut,
        };

    private static string Bad(string name, object value, string allowed) =>
        string.Create(CultureInfo.InvariantCulture, $"OutputLimits.LearnedCaps.{name} is {value}: it must be {allowed}.");
}
