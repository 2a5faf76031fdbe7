namespace ConsoleReplay.Recorded;

/// <summary>
/// How long a hosted model of the size of gpt-4o takes: a time to first token with a part per input token, then a steady rate of output
/// tokens, both varied by a factor that depends on the request alone, so that a replay can be repeated.
/// </summary>
internal static class LatencyModel
{
    private const double BaseMilliseconds = 380;
    private const double MillisecondsPerInputToken = 0.08;
    private const double MillisecondsPerOutputToken = 12.5;

    /// <summary>The time to the first token and to the last, on a real clock.</summary>
    /// <param name="inputTokens">Tokens of the request.</param>
    /// <param name="outputTokens">Tokens of the answer.</param>
    /// <param name="request">A number that names the request; evenly spread.</param>
    public static CallLatency Of(long inputTokens, long outputTokens, ulong request)
    {
        // Log-normal with a spread of 0.3, by the sum of four even numbers of 16 bits each (Irwin-Hall): median 1, 5 to 95 % are .6 to 1.6.
        var sum = 0.0;
        for (var part = 0; part < 4; part++)
            sum += (request >> (16 * part) & 0xFFFF) / 65536.0;
        var factor = Math.Exp(0.3 * (sum - 2) / Math.Sqrt(4 / 12.0));

        var first = factor * (BaseMilliseconds + (MillisecondsPerInputToken * inputTokens));
        return new CallLatency(
            TimeSpan.FromMilliseconds(first),
            TimeSpan.FromMilliseconds(first + (factor * MillisecondsPerOutputToken * outputTokens))
        );
    }
}

/// <summary>Times from the request to the first token and to the last.</summary>
internal readonly record struct CallLatency(TimeSpan ToFirstToken, TimeSpan ToLastToken);
