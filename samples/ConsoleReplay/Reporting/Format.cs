using System.Globalization;

namespace ConsoleReplay.Reporting;

/// <summary>Writes numbers for people, the same on every machine.</summary>
internal static class Format
{
    /// <summary>Money in USD; small sums with more digits.</summary>
    public static string Money(decimal dollars)
    {
        var size = Math.Abs(dollars);
        var format =
            size >= 1_000 ? "#,##0"
            : size is >= 1 or 0 ? "#,##0.00"
            : size >= 0.01m ? "0.0000"
            : "0.000000";
        return (dollars < 0 ? "-$" : "$") + size.ToString(format, CultureInfo.InvariantCulture);
    }

    public static string Count(long count) => count.ToString("#,##0", CultureInfo.InvariantCulture);

    /// <summary>A share of 0 to 1 in per cent.</summary>
    public static string Share(double share) => (share * 100).ToString("0.0", CultureInfo.InvariantCulture) + " %";

    /// <summary>A small share of 0 to 1 in per cent.</summary>
    public static string SmallShare(double share) => (share * 100).ToString("0.00", CultureInfo.InvariantCulture) + " %";

    /// <summary>A part of a whole in per cent; nothing of an empty whole.</summary>
    public static string Share(decimal part, decimal whole) => whole == 0 ? "" : Share((double)(part / whole));

    public static string Duration(TimeSpan duration) =>
        duration.TotalSeconds >= 1 ? duration.TotalSeconds.ToString("0.00", CultureInfo.InvariantCulture) + " s"
        : duration.TotalMilliseconds >= 10 ? duration.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture) + " ms"
        : duration.TotalMilliseconds.ToString("0.00", CultureInfo.InvariantCulture) + " ms";
}
