namespace LlmThrift.Budgets;

/// <summary>The span of time for which a budget holds: by the calendar of a time zone, or rolling. Immutable.</summary>
public sealed record BudgetWindow
{
    /// <summary>A rolling window is counted in this many parts: so much of it may count a little too long, none too short.</summary>
    internal const int Parts = 60;

    private readonly Calendar _calendar;
    private readonly TimeSpan _rolling;

    private BudgetWindow(Calendar calendar, TimeSpan rolling = default) => (_calendar, _rolling) = (calendar, rolling);

    private enum Calendar
    {
        None,
        Minute,
        Hour,
        Day,
        Week,
        Month,
    }

    /// <summary>From one full minute to the next.</summary>
    public static BudgetWindow Minute { get; } = new(Calendar.Minute);

    /// <summary>From one full hour to the next.</summary>
    public static BudgetWindow Hour { get; } = new(Calendar.Hour);

    /// <summary>From midnight to midnight, UTC unless a <see cref="TimeZone"/> is set.</summary>
    public static BudgetWindow Day { get; } = new(Calendar.Day);

    /// <summary>Seven days, from Monday unless <see cref="FirstDayOfWeek"/> says otherwise.</summary>
    public static BudgetWindow Week { get; } = new(Calendar.Week);

    /// <summary>A month of the calendar.</summary>
    public static BudgetWindow Month { get; } = new(Calendar.Month);

    /// <summary>The time zone by which days, weeks and months begin. Default: UTC. Without meaning where the window rolls.</summary>
    public TimeZoneInfo TimeZone { get; init; } = TimeZoneInfo.Utc;

    /// <summary>The day with which a week begins. Default: Monday.</summary>
    public DayOfWeek FirstDayOfWeek { get; init; } = DayOfWeek.Monday;

    /// <summary>The last <paramref name="length"/>, at any time. It is counted in sixty parts, each of which counts until all of it is older than that.</summary>
    /// <param name="length">How long; from one minute to 366 days.</param>
    /// <returns>The window.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is out of range.</exception>
    public static BudgetWindow Rolling(TimeSpan length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, TimeSpan.FromMinutes(1));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, TimeSpan.FromDays(366));
        return new BudgetWindow(Calendar.None, length);
    }

    /// <summary>The same, by the calendar of a time zone.</summary>
    /// <param name="timeZone">The time zone: <c>TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin")</c>.</param>
    /// <returns>A copy.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="timeZone"/> is null.</exception>
    public BudgetWindow In(TimeZoneInfo timeZone)
    {
        ArgumentNullException.ThrowIfNull(timeZone);
        return this with { TimeZone = timeZone };
    }

    /// <summary>A word for logs and pages: "day", "rolling 24:00:00".</summary>
    /// <returns>The word.</returns>
    public override string ToString() =>
        _calendar switch
        {
            Calendar.Minute => "minute",
            Calendar.Hour => "hour",
            Calendar.Day => "day",
            Calendar.Week => "week",
            Calendar.Month => "month",
            _ => $"rolling {_rolling:c}",
        };

    /// <summary>The window at a time.</summary>
    internal BudgetSpan At(DateTimeOffset now)
    {
        if (_calendar == Calendar.None)
        {
            var part = Math.Max(1, _rolling.Ticks / Parts);
            var slice = now.UtcTicks - (now.UtcTicks % part);

            // A part counts as long as any of it lies within the window.
            return new BudgetSpan(
                Utc(slice),
                Utc(slice - (part * Parts)),
                Utc(slice),
                Utc(slice + part),
                Utc(slice + part),
                slice / part / Parts
            );
        }

        var local = TimeZoneInfo.ConvertTime(now, TimeZone);
        if (_calendar is Calendar.Minute or Calendar.Hour)
        {
            // By the local clock, which in some zones is half an hour off; a change of the clock does not move where minutes begin.
            var length = _calendar == Calendar.Minute ? TimeSpan.TicksPerMinute : TimeSpan.TicksPerHour;
            var ticks = now.UtcTicks - (local.Ticks % length);
            return new BudgetSpan(Utc(ticks), Utc(ticks), Utc(ticks), Utc(ticks + length), Utc(ticks + length), ticks);
        }

        var (first, next) = _calendar switch
        {
            Calendar.Day => (local.Date, local.Date.AddDays(1)),
            Calendar.Week => WeekOf(local.Date),
            _ => (new DateTime(local.Year, local.Month, 1), new DateTime(local.Year, local.Month, 1).AddMonths(1)),
        };
        var (start, end) = (Midnight(first), Midnight(next));
        return new BudgetSpan(start, start, start, end, end, start.UtcTicks);
    }

    private (DateTime First, DateTime Next) WeekOf(DateTime day)
    {
        var first = day.AddDays(-(((int)day.DayOfWeek - (int)FirstDayOfWeek + 7) % 7));
        return (first, first.AddDays(7));
    }

    /// <summary>When a day begins: where the clock skips midnight, at the first time that there is; where it comes twice, at the first of them.</summary>
    private DateTimeOffset Midnight(DateTime day)
    {
        var local = DateTime.SpecifyKind(day, DateTimeKind.Unspecified);
        while (TimeZone.IsInvalidTime(local))
        {
            local = local.AddMinutes(15);
        }

        var offset = TimeZone.IsAmbiguousTime(local) ? TimeZone.GetAmbiguousTimeOffsets(local).Max() : TimeZone.GetUtcOffset(local);
        return new DateTimeOffset(local, offset).ToUniversalTime();
    }

    private static DateTimeOffset Utc(long ticks) => new(Math.Max(0, ticks), TimeSpan.Zero);
}
