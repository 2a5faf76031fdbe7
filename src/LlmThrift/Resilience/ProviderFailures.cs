using System.Globalization;
using System.Net;
using System.Net.Sockets;
using LlmThrift.Internal;

namespace LlmThrift.Resilience;

/// <summary>What exceptions of providers say of themselves, without knowing the packages that they come from, and without reflection.</summary>
internal static class ProviderFailures
{
    /// <summary>Under which name exceptions carry how long to wait.</summary>
    public const string RetryAfterKey = "Retry-After";

    public static bool ShouldRetry(Exception exception)
    {
        if (exception is CircuitOpenException)
        {
            return false;
        }

        if (ProviderErrors.StatusOf(exception) is { } status)
        {
            return status is HttpStatusCode.RequestTimeout or HttpStatusCode.Conflict or HttpStatusCode.TooManyRequests
                || (int)status is >= 500 and < 600;
        }

        // An HttpClient's own timeout is a cancellation that holds a TimeoutException.
        return ProviderErrors
            .Chain(exception)
            .Any(static one => one is HttpRequestException or IOException or SocketException or TimeoutException);
    }

    public static TimeSpan? RetryAfterOf(Exception exception, DateTimeOffset now)
    {
        foreach (var one in ProviderErrors.Chain(exception))
        {
            var wait = one.Data[RetryAfterKey] switch
            {
                TimeSpan time => time,
                DateTimeOffset date => date - now,
                int seconds => TimeSpan.FromSeconds(seconds),
                long seconds => Seconds(seconds),
                double seconds => Seconds(seconds),
                string text => Parse(text, now),
                _ => (TimeSpan?)null,
            };
            if (wait is not null)
            {
                return wait;
            }
        }

        return null;
    }

    /// <summary>The header of RFC 9110, 10.2.3: seconds or a date.</summary>
    private static TimeSpan? Parse(string text, DateTimeOffset now) =>
        double.TryParse(
            text,
            NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite,
            CultureInfo.InvariantCulture,
            out var seconds
        )
            ? Seconds(seconds)
        : DateTimeOffset.TryParseExact(text.Trim(), "r", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date)
            ? date - now
        : null;

    /// <summary>A number beyond what a <see cref="TimeSpan"/> holds is a wait that nobody makes, not an error.</summary>
    private static TimeSpan? Seconds(double seconds) =>
        double.IsNaN(seconds) ? null
        : seconds >= TimeSpan.MaxValue.TotalSeconds ? TimeSpan.MaxValue
        : seconds <= 0 ? TimeSpan.Zero
        : TimeSpan.FromSeconds(seconds);
}
