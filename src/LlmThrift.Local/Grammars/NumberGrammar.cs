using System.Globalization;
using System.Numerics;

namespace LlmThrift.Local.Grammars;

/// <summary>Numbers within bounds, digit by digit. No more digits than a double holds where the schema sets no bounds.</summary>
internal static class NumberGrammar
{
    /// <summary>Digits before the point where the schema sets no bound: all such integers are exact as a double.</summary>
    private const int IntegerDigits = 15;

    private const int FractionDigits = 10;

    /// <summary>Digits of the greatest number that is written, whatever the bounds.</summary>
    private const int MostDigits = 30;

    private static readonly GrammarNode Digit = new GrammarNode.Class(CodePointSet.Digits);

    private static readonly GrammarNode FromOne = GrammarNode.Range('1', '9');

    public static GrammarNode Build(SchemaShape shape, GrammarLimits limits)
    {
        var step = shape.MultipleOf;
        if (shape.IntegersOnly || step is { IsInteger: true })
        {
            step = ExactNumber.LeastCommonMultiple(step ?? new ExactNumber(1), new ExactNumber(1));
        }

        if (step is null)
        {
            return shape.Minimum is null && shape.Maximum is null ? AnyNumber() : Decimals(shape, FractionDigits);
        }

        var digits = step.Value.ToString();
        if (digits.TrimEnd('0') == "1")
        {
            return Integers(shape, step.Value, digits[1..]);
        }

        if (digits.StartsWith("0.", StringComparison.Ordinal) && digits[2..].TrimStart('0') == "1" && step.Value.Places <= MostDigits)
        {
            return Decimals(shape, step.Value.Places);
        }

        return Multiples(shape, step.Value, limits);
    }

    /// <summary>Any number, with an exponent or without.</summary>
    public static GrammarNode AnyNumber() =>
        GrammarNode.Join(
            GrammarNode.Optional(GrammarNode.Text("-")),
            Unsigned(0, Greatest(IntegerDigits)),
            AnyFraction(FractionDigits),
            GrammarNode.Optional(
                GrammarNode.Join(
                    new GrammarNode.Class(CodePointSet.Of("eE")),
                    GrammarNode.Optional(new GrammarNode.Class(CodePointSet.Of("+-"))),
                    FromOne,
                    GrammarNode.Optional(Digit)
                )
            )
        );

    private static BigInteger Greatest(int digits) => BigInteger.Pow(10, digits) - 1;

    private static GrammarNode Number(BigInteger number) => GrammarNode.Text(number.ToString(CultureInfo.InvariantCulture));

    /// <summary>The bounds, with those added that the schema does not set.</summary>
    private static (ExactNumber Low, bool IsLowExcluded, ExactNumber High, bool IsHighExcluded) Bounds(SchemaShape shape)
    {
        var (low, high) = (shape.Minimum, shape.Maximum);
        var most = new ExactNumber(Greatest(MostDigits));
        var usual = new ExactNumber(Greatest(IntegerDigits));
        var (lowest, highest) = (-usual, usual);
        if (low is { } l && l.ComparedTo(usual) >= 0)
        {
            highest = most;
        }

        if (high is { } h && h.ComparedTo(-usual) <= 0)
        {
            lowest = -most;
        }

        if (low?.ComparedTo(most) > 0 || high?.ComparedTo(-most) < 0)
        {
            throw new UnsupportedSchemaException(
                low?.ComparedTo(most) > 0 ? "minimum" : "maximum",
                shape.Pointer,
                $"numbers have at most {MostDigits} digits here. Choose a bound nearer to zero."
            );
        }

        // A bound beyond all that is written is as good as none.
        return (
            low?.ComparedTo(-most) >= 0 ? low.Value : lowest,
            low is not null && shape.IsMinimumExcluded,
            high?.ComparedTo(most) <= 0 ? high.Value : highest,
            high is not null && shape.IsMaximumExcluded
        );
    }

    /// <summary>The multiples of a step within the bounds, by their number.</summary>
    private static (BigInteger Low, BigInteger High) Units(SchemaShape shape, ExactNumber step)
    {
        var (low, isLowExcluded, high, isHighExcluded) = Bounds(shape);
        var (first, last) = (low.CeilingOver(step), high.FloorOver(step));
        first += isLowExcluded && (step * first).ComparedTo(low) == 0 ? 1 : 0;
        last -= isHighExcluded && (step * last).ComparedTo(high) == 0 ? 1 : 0;
        return (first, last);
    }

    /// <summary>Integers, each followed by the zeros of a step that is a power of ten.</summary>
    private static GrammarNode Integers(SchemaShape shape, ExactNumber step, string zeros)
    {
        var (low, high) = Units(shape, step);
        var options = new List<GrammarNode>();
        if (low.Sign < 0 && low <= high)
        {
            options.Add(GrammarNode.Join(GrammarNode.Text("-"), Unsigned(BigInteger.Max(1, -high), -low), GrammarNode.Text(zeros)));
        }

        if (low.Sign <= 0 && high.Sign >= 0)
        {
            options.Add(GrammarNode.Text("0"));
        }

        if (high.Sign > 0 && low <= high)
        {
            options.Add(GrammarNode.Join(Unsigned(BigInteger.Max(1, low), high), GrammarNode.Text(zeros)));
        }

        return GrammarNode.OneOf(options);
    }

    private static GrammarNode Multiples(SchemaShape shape, ExactNumber step, GrammarLimits limits)
    {
        var (low, high) = Units(shape, step);
        if (high - low >= limits.Values)
        {
            throw new UnsupportedSchemaException(
                "multipleOf",
                shape.Pointer,
                $"more than {limits.Values} multiples of {step}. Set 'minimum' and 'maximum' closer, or use a power of ten such as 0.01 or 100."
            );
        }

        return LiteralTrie.Build(Enumerable.Range(0, Math.Max(0, (int)(high - low) + 1)).Select(i => (step * (low + i)).ToString()));
    }

    private static GrammarNode Decimals(SchemaShape shape, int places)
    {
        var (low, isLowExcluded, high, isHighExcluded) = Bounds(shape);
        var options = new List<GrammarNode>();
        var zero = new ExactNumber(0);
        if (low.Sign < 0)
        {
            // Numbers below zero are written with the sign of zero's nearer side left out: there is no -0.
            var (nearest, isNearestExcluded) = high.Sign >= 0 ? (zero, true) : (-high, isHighExcluded);
            options.Add(GrammarNode.Join(GrammarNode.Text("-"), Magnitudes(nearest, isNearestExcluded, -low, isLowExcluded, places)));
        }

        if (high.Sign >= 0)
        {
            options.Add(
                low.Sign >= 0
                    ? Magnitudes(low, isLowExcluded, high, isHighExcluded, places)
                    : Magnitudes(zero, false, high, isHighExcluded, places)
            );
        }

        return GrammarNode.OneOf(options.Where(option => option is not GrammarNode.Choice { Options.Count: 0 }));
    }

    /// <summary>Numbers that are not negative, within bounds.</summary>
    private static GrammarNode Magnitudes(ExactNumber low, bool isLowExcluded, ExactNumber high, bool isHighExcluded, int places)
    {
        var order = low.ComparedTo(high);
        if (order > 0 || (order == 0 && (isLowExcluded || isHighExcluded)))
        {
            return GrammarNode.Never;
        }

        var (first, last) = (low.Floor, high.Floor);
        if (first == last)
        {
            return GrammarNode.Join(Number(first), Fraction(low.Fraction, isLowExcluded, high.Fraction, isHighExcluded, places));
        }

        var options = new List<GrammarNode>();
        if (low.IsInteger && !isLowExcluded)
        {
            first -= 1;
        }
        else
        {
            options.Add(GrammarNode.Join(Number(first), Fraction(low.Fraction, isLowExcluded, null, false, places)));
        }

        if (first + 1 <= last - 1)
        {
            options.Add(GrammarNode.Join(Unsigned(first + 1, last - 1), AnyFraction(places)));
        }

        options.Add(GrammarNode.Join(Number(last), Fraction(null, false, high.Fraction, isHighExcluded, places)));
        return GrammarNode.OneOf(options.Where(option => option is not GrammarNode.Choice { Options.Count: 0 }));
    }

    private static GrammarNode AnyFraction(int places) =>
        GrammarNode.Optional(GrammarNode.Join(GrammarNode.Text("."), GrammarNode.Times(Digit, 1, places)));

    /// <summary>The point and the digits after it, or none, between two such; null for an end that is open.</summary>
    private static GrammarNode Fraction(string? low, bool isLowExcluded, string? high, bool isHighExcluded, int places)
    {
        var digits = GrammarNode.Join(GrammarNode.Text("."), Digits(0, true));
        return MayEnd(0, low is not null, high is not null) ? GrammarNode.Optional(digits) : digits;

        // Whether the number may end before a digit, given that all digits so far are those of a bound.
        bool MayEnd(int at, bool isOnLow, bool isOnHigh) =>
            (!isOnLow || (IsZero(low!, at) && !isLowExcluded)) && (!isOnHigh || !IsZero(high!, at) || !isHighExcluded);

        GrammarNode Digits(int at, bool mustGoOn) => From(at, low is not null, high is not null, mustGoOn);

        GrammarNode From(int at, bool isOnLow, bool isOnHigh, bool mustGoOn)
        {
            var end = !mustGoOn && MayEnd(at, isOnLow, isOnHigh) ? GrammarNode.Empty : GrammarNode.Never;
            if (at >= places)
            {
                return end;
            }

            if (!isOnLow && !isOnHigh)
            {
                return GrammarNode.Times(Digit, mustGoOn ? 1 : 0, places - at);
            }

            var lowest = isOnLow ? At(low!, at) : '0';
            var highest = isOnHigh ? At(high!, at) : '9';
            var options = new List<GrammarNode> { end };
            if (isOnLow && isOnHigh && lowest == highest)
            {
                options.Add(GrammarNode.Join(GrammarNode.Range(lowest, lowest), From(at + 1, true, true, false)));
            }
            else
            {
                if (isOnLow)
                {
                    options.Add(GrammarNode.Join(GrammarNode.Range(lowest, lowest), From(at + 1, true, false, false)));
                }

                var (from, to) = ((char)(lowest + (isOnLow ? 1 : 0)), (char)(highest - (isOnHigh ? 1 : 0)));
                if (from <= to)
                {
                    options.Add(GrammarNode.Join(GrammarNode.Range(from, to), From(at + 1, false, false, false)));
                }

                if (isOnHigh)
                {
                    options.Add(GrammarNode.Join(GrammarNode.Range(highest, highest), From(at + 1, false, true, false)));
                }
            }

            return GrammarNode.OneOf(options.Where(option => option is not GrammarNode.Choice { Options.Count: 0 }));
        }

        static bool IsZero(string digits, int from) => from >= digits.Length || digits.AsSpan(from).IndexOfAnyExcept('0') < 0;

        static char At(string digits, int at) => at < digits.Length ? digits[at] : '0';
    }

    /// <summary>The integers from one to another, neither negative.</summary>
    private static GrammarNode Unsigned(BigInteger low, BigInteger high)
    {
        var options = new List<GrammarNode>();
        var (fullFrom, fullTo) = (0, 0);
        var most = high.ToString(CultureInfo.InvariantCulture).Length;
        for (var length = low.ToString(CultureInfo.InvariantCulture).Length; length <= most; length++)
        {
            var (least, greatest) = (length == 1 ? 0 : BigInteger.Pow(10, length - 1), Greatest(length));
            if (length > 1 && low <= least && greatest <= high)
            {
                (fullFrom, fullTo) = (fullFrom == 0 ? length : fullFrom, length);
                continue;
            }

            var (from, to) = (BigInteger.Max(low, least), BigInteger.Min(high, greatest));
            options.Add(SameLength(from.ToString(CultureInfo.InvariantCulture), to.ToString(CultureInfo.InvariantCulture)));
        }

        if (fullFrom > 0)
        {
            options.Add(GrammarNode.Join(FromOne, GrammarNode.Times(Digit, fullFrom - 1, fullTo - 1)));
        }

        return GrammarNode.OneOf(options);
    }

    /// <summary>The numbers from one to another of as many digits.</summary>
    private static GrammarNode SameLength(string low, string high)
    {
        if (low.Length == 0)
        {
            return GrammarNode.Empty;
        }

        var (lowRest, highRest) = (low[1..], high[1..]);
        if (low[0] == high[0])
        {
            return GrammarNode.Join(GrammarNode.Range(low[0], low[0]), SameLength(lowRest, highRest));
        }

        var (first, last) = (low[0], high[0]);
        var options = new List<GrammarNode>();
        if (lowRest.AsSpan().IndexOfAnyExcept('0') >= 0)
        {
            options.Add(GrammarNode.Join(GrammarNode.Range(first, first), SameLength(lowRest, new string('9', lowRest.Length))));
            first++;
        }

        GrammarNode? top = null;
        if (highRest.AsSpan().IndexOfAnyExcept('9') >= 0)
        {
            top = GrammarNode.Join(GrammarNode.Range(last, last), SameLength(new string('0', highRest.Length), highRest));
            last--;
        }

        if (first <= last)
        {
            options.Add(GrammarNode.Join(GrammarNode.Range(first, last), GrammarNode.Times(Digit, lowRest.Length, lowRest.Length)));
        }

        if (top is not null)
        {
            options.Add(top);
        }

        return GrammarNode.OneOf(options);
    }
}
