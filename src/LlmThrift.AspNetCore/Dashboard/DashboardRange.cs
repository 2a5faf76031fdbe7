using System.Globalization;
using LlmThrift.Metering;
using Microsoft.AspNetCore.Http;

namespace LlmThrift.AspNetCore.Dashboard;

/// <summary>The span of time and the filters that a request asks for.</summary>
internal static class DashboardRange
{
    /// <summary>What fits on the width of a page as bars that can be told apart.</summary>
    private const int MaxPoints = 62;

    private static readonly TimeSpan LongestSpan = TimeSpan.FromDays(3_700);

    /// <summary>Stores keep minutes for two days, up to a whole hour less.</summary>
    private static readonly TimeSpan MinutesKept = TimeSpan.FromHours(47);

    private static readonly TimeSpan[] Intervals =
    [
        TimeSpan.FromMinutes(1),
        TimeSpan.FromMinutes(5),
        TimeSpan.FromMinutes(15),
        TimeSpan.FromMinutes(30),
        TimeSpan.FromHours(1),
        TimeSpan.FromHours(3),
        TimeSpan.FromHours(6),
        TimeSpan.FromHours(12),
        TimeSpan.FromDays(1),
        TimeSpan.FromDays(7),
        TimeSpan.FromDays(28),
        TimeSpan.FromDays(91),
    ];

    /// <returns>Null when the request does not say what it wants in a way that can be understood; <paramref name="problem"/> says why.</returns>
    public static CostHistoryQuery? Parse(IQueryCollection query, DateTimeOffset now, out string? problem)
    {
        problem = null;
        var from = now;
        var to = now;
        switch (query["range"].ToString())
        {
            case "1h":
                from = now.AddHours(-1);
                break;
            case "" or "24h":
                from = now.AddHours(-24);
                break;
            case "7d":
                from = now.AddDays(-7);
                break;
            case "30d":
                from = now.AddDays(-30);
                break;
            case "custom":
                if (!TryTime(query["from"], out from) || !TryTime(query["to"], out to))
                {
                    problem = "A custom range has two times in ISO 8601, from and to.";
                }
                else if (from >= to || to - from > LongestSpan)
                {
                    problem = "A custom range begins before it ends and is no longer than ten years.";
                }

                break;
            default:
                problem = "The range is one of 1h, 24h, 7d, 30d and custom.";
                break;
        }

        if (problem is not null)
        {
            return null;
        }

        var interval = IntervalFor(from, to, now);
        return new CostHistoryQuery
        {
            // A first bar that is cut off would look like a bad hour.
            From = new DateTimeOffset(from.UtcTicks - (from.UtcTicks % interval.Ticks), TimeSpan.Zero),
            To = to.ToUniversalTime(),
            Interval = interval,
            Tenant = Filter("tenant"),
            Feature = Filter("feature"),
            Model = Filter("model"),
        };

        string? Filter(string name) => query[name].ToString() is { Length: > 0 } value ? value : null;
    }

    private static TimeSpan IntervalFor(DateTimeOffset from, DateTimeOffset to, DateTimeOffset now)
    {
        var isOld = from < now - MinutesKept;
        return Array.Find(
            Intervals,
            interval => (to - from).Ticks <= interval.Ticks * MaxPoints && !(isOld && interval < TimeSpan.FromHours(1))
        );
    }

    private static bool TryTime(string? text, out DateTimeOffset time) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);
}
