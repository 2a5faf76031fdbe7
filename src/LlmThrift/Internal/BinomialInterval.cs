namespace LlmThrift.Internal;

/// <summary>
/// Confidence bounds for a share, by the exact method of Clopper and Pearson ("The use of confidence or fiducial limits", Biometrika 1934) where a bound is a promise, and by that of
/// Wilson ("Probable inference, the law of succession, and statistical inference", Journal of the American Statistical Association 1927) where it tells how far an estimate may be off.
/// </summary>
internal static class BinomialInterval
{
    /// <summary>The two-sided interval: it misses the true share, on either side, in at most (1 - confidence) / 2 of all samples.</summary>
    /// <param name="successes">From 0 to <paramref name="trials"/>.</param>
    /// <param name="trials">0 or more; with none, everything from 0 to 1 is possible.</param>
    /// <param name="confidence">Between 0 and 1, such as 0.95.</param>
    public static (double Lower, double Upper) ClopperPearson(long successes, long trials, double confidence)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(confidence);
        var tail = (1 - confidence) / 2;
        return (Lower(successes, trials, 1 - tail), Upper(successes, trials, 1 - tail));
    }

    /// <summary>Wilson's two-sided interval: it covers the true share about as often as it says on average over shares, and is narrower than the exact one, which covers every share at least as often.</summary>
    /// <param name="successes">From 0 to <paramref name="trials"/>.</param>
    /// <param name="trials">0 or more; with none, everything from 0 to 1 is possible.</param>
    /// <param name="deviations">Of a normal distribution, more than 0: 1.959964 for a confidence of 95 %.</param>
    public static (double Lower, double Upper) Wilson(long successes, long trials, double deviations)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(successes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(successes, trials);
        if (deviations is not (> 0 and < double.PositiveInfinity))
        {
            throw new ArgumentOutOfRangeException(nameof(deviations), deviations, "It must be a number above 0.");
        }

        if (trials == 0)
        {
            return (0, 1);
        }

        var share = (double)successes / trials;
        var pull = deviations * deviations / trials;
        var center = (share + (pull / 2)) / (1 + pull);
        var half = Math.Sqrt(pull * ((share * (1 - share)) + (pull / 4))) / (1 + pull);

        // The ends are exact, which rounding would miss.
        return (successes == 0 ? 0 : center - half, successes == trials ? 1 : center + half);
    }

    /// <summary>The one-sided upper bound: the true share is above it in at most (1 - confidence) of all samples.</summary>
    public static double Upper(long successes, long trials, double confidence)
    {
        Check(successes, trials, confidence);
        return successes == trials ? 1 : InverseBeta(confidence, successes + 1, trials - successes);
    }

    /// <summary>The one-sided lower bound: the true share is below it in at most (1 - confidence) of all samples.</summary>
    public static double Lower(long successes, long trials, double confidence)
    {
        Check(successes, trials, confidence);
        return successes == 0 ? 0 : InverseBeta(1 - confidence, successes, trials - successes + 1);
    }

    /// <summary>The regularized incomplete beta function I(x; a, b): the probability that a Beta(a, b) variable is at most <paramref name="x"/>.</summary>
    public static double Beta(double x, double a, double b)
    {
        if (x <= 0 || x >= 1)
        {
            return x <= 0 ? 0 : 1;
        }

        var front = Math.Exp(LogGamma(a + b) - LogGamma(a) - LogGamma(b) + (a * Math.Log(x)) + (b * Math.Log(1 - x)));

        // The continued fraction converges fast on this side of the mean; the other side is its mirror image.
        return x < (a + 1) / (a + b + 2) ? front * Fraction(x, a, b) / a : 1 - (front * Fraction(1 - x, b, a) / b);
    }

    /// <summary>By bisection: some fifty steps, each of which halves the error, until there is none to be seen.</summary>
    private static double InverseBeta(double probability, double a, double b)
    {
        var (low, high) = (0.0, 1.0);
        while (true)
        {
            var middle = low + ((high - low) / 2);
            if (middle <= low || middle >= high || high - low < 1e-15)
            {
                return middle;
            }

            if (Beta(middle, a, b) < probability)
            {
                low = middle;
            }
            else
            {
                high = middle;
            }
        }
    }

    /// <summary>The continued fraction of the incomplete beta function (NIST Digital Library of Mathematical Functions, 8.17.22), by Lentz's method.</summary>
    private static double Fraction(double x, double a, double b)
    {
        const double tiny = 1e-300;
        var c = 1.0;
        var d = 1 / NotZero(1 - ((a + b) * x / (a + 1)));
        var value = d;
        for (var m = 1; m <= 100_000; m++)
        {
            var even = m * (b - m) * x / ((a + (2 * m) - 1) * (a + (2 * m)));
            d = 1 / NotZero(1 + (even * d));
            c = NotZero(1 + (even / c));
            value *= d * c;
            var odd = -(a + m) * (a + b + m) * x / ((a + (2 * m)) * (a + (2 * m) + 1));
            d = 1 / NotZero(1 + (odd * d));
            c = NotZero(1 + (odd / c));
            value *= d * c;
            if (Math.Abs((d * c) - 1) < 1e-15)
            {
                break;
            }
        }

        return value;

        static double NotZero(double number) => Math.Abs(number) < tiny ? tiny : number;
    }

    /// <summary>The logarithm of the gamma function by Stirling's series, for which small arguments are first raised by the recurrence.</summary>
    private static double LogGamma(double x)
    {
        var shift = 0.0;
        while (x < 15)
        {
            shift += Math.Log(x);
            x++;
        }

        var inverse = 1 / x;
        var square = inverse * inverse;
        var series =
            inverse * ((1.0 / 12) - (square * ((1.0 / 360) - (square * ((1.0 / 1260) - (square * ((1.0 / 1680) - (square / 1188))))))));
        return ((x - 0.5) * Math.Log(x)) - x + (0.5 * Math.Log(2 * Math.PI)) + series - shift;
    }

    private static void Check(long successes, long trials, double confidence)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(successes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(successes, trials);
        if (!(confidence is > 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(confidence), confidence, "It must be between 0 and 1.");
        }
    }
}
