using System.Globalization;

namespace LlmThrift.Routing;

/// <summary>What routing by a policy holds to. Immutable.</summary>
public sealed record RoutingTarget
{
    private RoutingTarget(TargetKind kind, double value) => (Kind, Value) = (kind, value);

    internal enum TargetKind
    {
        Quality,
        Cost,
        StrongShare,
        Threshold,
    }

    internal TargetKind Kind { get; }

    internal double Value { get; }

    /// <summary>
    /// Quality first: at least this share of what the stronger tier's answers are worth, with a confidence of 99 % as far as the audit can tell. Where the audit supports no saving, every call goes to the stronger tier.
    /// </summary>
    /// <param name="share">More than 0, at most 1, such as 0.98.</param>
    /// <returns>The target.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="share"/> is out of its range.</exception>
    public static RoutingTarget Quality(double share) =>
        share is > 0 and <= 1
            ? new RoutingTarget(TargetKind.Quality, share)
            : throw new ArgumentOutOfRangeException(nameof(share), share, "A share of quality is more than 0 and at most 1, such as 0.98.");

    /// <summary>Cost first: the calls that gain most go to the stronger tier, as many as the money allows. Needs an audit with costs.</summary>
    /// <param name="usd">USD per 1,000 calls; more than 0.</param>
    /// <returns>The target.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="usd"/> is not more than 0.</exception>
    public static RoutingTarget CostPer1000Calls(decimal usd) =>
        usd > 0
            ? new RoutingTarget(TargetKind.Cost, (double)usd)
            : throw new ArgumentOutOfRangeException(nameof(usd), usd, "It must be more than 0 USD per 1,000 calls.");

    /// <summary>The calls that gain most go to the stronger tier, this share of all. The only target that means something without an audit.</summary>
    /// <param name="share">From 0 to 1, such as 0.3.</param>
    /// <returns>The target.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="share"/> is out of its range.</exception>
    public static RoutingTarget StrongShare(double share) =>
        share is >= 0 and <= 1
            ? new RoutingTarget(TargetKind.StrongShare, share)
            : throw new ArgumentOutOfRangeException(nameof(share), share, "A share of calls is from 0 to 1, such as 0.3.");

    /// <summary>A threshold of the app's own: calls that score at least this go to the stronger tier.</summary>
    /// <param name="score">In gained quality, mostly between 0 and 1, such as 0.1.</param>
    /// <returns>The target.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="score"/> is not a number.</exception>
    public static RoutingTarget Threshold(double score) =>
        double.IsFinite(score)
            ? new RoutingTarget(TargetKind.Threshold, score)
            : throw new ArgumentOutOfRangeException(nameof(score), score, "A threshold is a number, such as 0.1.");

    /// <summary>Reads what <see cref="ToString"/> writes, such as "quality 0.98", "cost 2.50", "strong share 0.3" or "threshold 0.1".</summary>
    /// <param name="text">The text.</param>
    /// <returns>The target.</returns>
    /// <exception cref="FormatException"><paramref name="text"/> is none of these.</exception>
    public static RoutingTarget Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var space = text.LastIndexOf(' ');
        if (space > 0 && decimal.TryParse(text.AsSpan(space + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
        {
            try
            {
                switch (text[..space].Trim().ToUpperInvariant())
                {
                    case "QUALITY":
                        return Quality((double)value);
                    case "COST":
                        return CostPer1000Calls(value);
                    case "STRONG SHARE":
                        return StrongShare((double)value);
                    case "THRESHOLD":
                        return Threshold((double)value);
                    default:
                        break;
                }
            }
            catch (ArgumentOutOfRangeException exception)
            {
                throw new FormatException(exception.Message, exception);
            }
        }

        throw new FormatException(
            $"\"{text}\" is no routing target. Write \"quality 0.98\", \"cost 2.50\" (USD per 1,000 calls), \"strong share 0.3\" or \"threshold 0.1\"."
        );
    }

    /// <inheritdoc/>
    public override string ToString() =>
        Kind switch
        {
            TargetKind.Quality => string.Create(CultureInfo.InvariantCulture, $"quality {Value:0.######}"),
            TargetKind.Cost => string.Create(CultureInfo.InvariantCulture, $"cost {Value:0.######}"),
            TargetKind.StrongShare => string.Create(CultureInfo.InvariantCulture, $"strong share {Value:0.######}"),
            _ => string.Create(CultureInfo.InvariantCulture, $"threshold {Value:0.######}"),
        };
}
