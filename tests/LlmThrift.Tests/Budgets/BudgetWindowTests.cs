using System.Globalization;
using LlmThrift.Budgets;
using Xunit;

namespace LlmThrift.Tests.Budgets;

public sealed class BudgetWindowTests
{
    private static readonly TimeZoneInfo Berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
    private static readonly TimeZoneInfo Kolkata = TimeZoneInfo.FindSystemTimeZoneById("Asia/Kolkata");
    private static readonly TimeZoneInfo Beirut = TimeZoneInfo.FindSystemTimeZoneById("Asia/Beirut");

    [Theory]
    [InlineData("minute", "2026-03-10T10:20:30Z", "2026-03-10T10:20:00Z", "2026-03-10T10:21:00Z")]
    [InlineData("hour", "2026-03-10T10:20:30Z", "2026-03-10T10:00:00Z", "2026-03-10T11:00:00Z")]
    [InlineData("day", "2026-03-10T23:59:59Z", "2026-03-10T00:00:00Z", "2026-03-11T00:00:00Z")]
    [InlineData("week", "2026-03-15T23:59:59Z", "2026-03-09T00:00:00Z", "2026-03-16T00:00:00Z")]
    [InlineData("week", "2026-03-09T00:00:00Z", "2026-03-09T00:00:00Z", "2026-03-16T00:00:00Z")]
    [InlineData("month", "2026-02-28T12:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z")]
    [InlineData("month", "2026-12-31T23:59:59Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z")]
    public void At_by_the_calendar_is_the_window_that_the_time_lies_in(string window, string time, string start, string end)
    {
        var span = Named(window).At(Time(time));

        Assert.Equal((Time(start), Time(start), Time(end)), (span.Slice, span.WindowStart, span.FreesAt));
    }

    [Fact]
    public void At_in_a_time_zone_begins_at_its_midnight()
    {
        var span = BudgetWindow.Day.In(Berlin).At(Time("2026-07-10T22:30:00Z"));

        Assert.Equal((Time("2026-07-10T22:00:00Z"), Time("2026-07-11T22:00:00Z")), (span.WindowStart, span.FreesAt));
    }

    [Fact]
    public void At_on_the_day_of_a_change_of_the_clock_is_an_hour_shorter_or_longer()
    {
        var spring = BudgetWindow.Day.In(Berlin).At(Time("2026-03-29T12:00:00Z"));
        var autumn = BudgetWindow.Day.In(Berlin).At(Time("2026-10-25T12:00:00Z"));

        Assert.Equal(TimeSpan.FromHours(23), spring.FreesAt - spring.WindowStart);
        Assert.Equal(TimeSpan.FromHours(25), autumn.FreesAt - autumn.WindowStart);
    }

    [Fact]
    public void At_where_the_clock_skips_midnight_begins_at_the_first_time_that_there_is()
    {
        var day = Enumerable
            .Range(0, 366)
            .Select(offset => new DateTime(2024, 1, 1).AddDays(offset))
            .First(candidate => Beirut.IsInvalidTime(candidate));
        var noon = new DateTimeOffset(TimeZoneInfo.ConvertTimeToUtc(day.AddHours(12), Beirut));

        var span = BudgetWindow.Day.In(Beirut).At(noon);

        Assert.Equal(1, TimeZoneInfo.ConvertTime(span.WindowStart, Beirut).Hour);
        Assert.True(span.Holds(noon));
    }

    [Fact]
    public void At_where_the_clock_is_half_an_hour_off_hours_begin_by_the_local_clock()
    {
        var span = BudgetWindow.Hour.In(Kolkata).At(Time("2026-07-10T10:45:00Z"));

        Assert.Equal((Time("2026-07-10T10:30:00Z"), Time("2026-07-10T11:30:00Z")), (span.WindowStart, span.FreesAt));
    }

    [Fact]
    public void At_a_week_begins_on_the_day_that_is_set()
    {
        var span = (BudgetWindow.Week with { FirstDayOfWeek = DayOfWeek.Sunday }).At(Time("2026-03-14T12:00:00Z"));

        Assert.Equal(Time("2026-03-08T00:00:00Z"), span.WindowStart);
    }

    [Fact]
    public void At_of_a_rolling_window_counts_each_part_until_all_of_it_is_older()
    {
        var window = BudgetWindow.Rolling(TimeSpan.FromHours(1));
        var first = window.At(Time("2026-03-10T10:00:59Z"));

        Assert.True(window.At(Time("2026-03-10T11:00:59Z")).WindowStart <= first.Slice, "A second of it lies within the hour.");
        Assert.True(window.At(Time("2026-03-10T11:01:00Z")).WindowStart > first.Slice, "None of it lies within the hour.");
    }

    [Fact]
    public void Every_time_of_a_year_lies_in_exactly_one_window()
    {
        foreach (
            var window in new[]
            {
                BudgetWindow.Day.In(Berlin),
                BudgetWindow.Week.In(Beirut),
                BudgetWindow.Month.In(Kolkata),
                BudgetWindow.Hour.In(Berlin),
            }
        )
        {
            var time = Time("2026-01-01T00:00:00Z");
            var span = window.At(time);
            while (time < Time("2027-01-01T00:00:00Z"))
            {
                time = span.ValidUntil;
                var next = window.At(time);
                Assert.Equal(span.ValidUntil, next.ValidFrom);
                Assert.Equal(next, window.At(next.ValidUntil.AddTicks(-1)));
                span = next;
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(59)]
    [InlineData(367 * 24 * 3600)]
    public void Rolling_out_of_range_throws(int seconds) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => BudgetWindow.Rolling(TimeSpan.FromSeconds(seconds)));

    private static BudgetWindow Named(string name) =>
        name switch
        {
            "minute" => BudgetWindow.Minute,
            "hour" => BudgetWindow.Hour,
            "day" => BudgetWindow.Day,
            "week" => BudgetWindow.Week,
            _ => BudgetWindow.Month,
        };

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
