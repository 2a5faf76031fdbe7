using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace LlmThrift.Internal;

/// <summary>What is to be read from exceptions of providers, without knowing the packages that they come from, and without reflection.</summary>
internal static partial class ProviderErrors
{
    /// <summary>Wrapped exceptions are looked into so far: a chain may be a ring.</summary>
    private const int MaxDepth = 8;

    /// <summary>The HTTP status; null where none is found.</summary>
    /// <remarks>
    /// <c>ClientResultException</c> (OpenAI) and <c>RequestFailedException</c> (Azure) have it in a property of their own, which cannot be read without a reference to their
    /// packages or reflection that trimming breaks. Their messages begin a line with it.
    /// </remarks>
    public static HttpStatusCode? StatusOf(Exception exception)
    {
        foreach (var one in Chain(exception))
        {
            if (one is HttpRequestException { StatusCode: { } status })
            {
                return status;
            }

            if (StatusLine().Match(one.Message) is { Success: true } match)
            {
                return (HttpStatusCode)int.Parse(match.Groups["status"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);
            }
        }

        return null;
    }

    /// <summary>The exception and those that it wraps.</summary>
    public static IEnumerable<Exception> Chain(Exception exception)
    {
        var depth = 0;
        for (var one = exception; one is not null && depth < MaxDepth; one = one.InnerException)
        {
            yield return one;
            depth++;
        }
    }

    [GeneratedRegex(
        @"^(HTTP|Status:|Status Code:) (?<status>[1-5][0-9]{2})\b",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1_000
    )]
    private static partial Regex StatusLine();
}
