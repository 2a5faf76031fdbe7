using LlmThrift.Metering;

namespace LlmThrift.Stores;

/// <summary>Which sums a query is answered from: a slot of time counts when it begins within the query's span.</summary>
/// <remarks>Sums by the minute are kept for two days: they refine the edges of the span, and all of it where the points are not made of whole hours.</remarks>
internal readonly record struct TimeSlots
{
    /// <summary>How long sums by the minute are kept.</summary>
    public static readonly TimeSpan MinuteRetention = TimeSpan.FromDays(2);

    private TimeSlots(long before, long from, long to, long after)
    {
        (BeforeFrom, HoursFrom, HoursTo, AfterTo) = (before, from, to, after);
    }

    /// <summary>Minutes from here to <see cref="HoursFrom"/>, in ticks.</summary>
    public long BeforeFrom { get; }

    /// <summary>Hours from here to <see cref="HoursTo"/>.</summary>
    public long HoursFrom { get; }

    public long HoursTo { get; }

    /// <summary>Minutes from <see cref="HoursTo"/> to here.</summary>
    public long AfterTo { get; }

    /// <summary>The whole days within the hours: from, to.</summary>
    public (long From, long To) Days
    {
        get
        {
            var from = Math.Min(HoursTo, Up(HoursFrom, TimeSpan.TicksPerDay));
            return (from, Math.Max(from, HoursTo - (HoursTo % TimeSpan.TicksPerDay)));
        }
    }

    /// <summary>The first hour whose minutes are all kept.</summary>
    public static long FirstMinute(DateTimeOffset now) => Up(Math.Max(0, now.UtcTicks - MinuteRetention.Ticks), TimeSpan.TicksPerHour);

    public static TimeSlots Of(CostHistoryQuery query, DateTimeOffset now)
    {
        var minutes = FirstMinute(now);
        var from = query.From.UtcTicks;
        var to = Math.Max(from, query.To.UtcTicks);
        if (query.Interval.Ticks % TimeSpan.TicksPerHour != 0)
        {
            // All that the minutes reach, hours before them.
            var hoursFrom = Up(from, TimeSpan.TicksPerHour);
            var border = Math.Clamp(minutes, Math.Min(from, to), to);
            return border <= from ? new(from, from, from, to) : new(hoursFrom, hoursFrom, border, Math.Max(border, to));
        }

        var first = Up(from, TimeSpan.TicksPerHour);
        var last = to - (to % TimeSpan.TicksPerHour);
        if (first > last)
        {
            // Within one hour.
            return last >= minutes ? new(from, from, from, to) : new(first, first, first, first);
        }

        var before = first - TimeSpan.TicksPerHour >= minutes ? from : first;
        return last >= minutes ? new(before, first, last, to) : new(before, first, to, to);
    }

    private static long Up(long ticks, long unit) => ticks > DateTime.MaxValue.Ticks - unit ? ticks : (ticks + unit - 1) / unit * unit;
}
