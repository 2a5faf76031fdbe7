using System.Globalization;
using System.Numerics;

namespace LlmThrift.Local.Grammars;

/// <summary>A decimal number without rounding: an integer divided by a power of ten.</summary>
internal readonly struct ExactNumber
{
    /// <summary>Beyond that many places a bound is no bound that a document comes near.</summary>
    private const int MostPlaces = 400;

    private readonly BigInteger _digits;

    /// <summary>Makes a number.</summary>
    /// <param name="digits">The integer.</param>
    /// <param name="places">The places after the point, none of them a last zero.</param>
    public ExactNumber(BigInteger digits, int places = 0)
    {
        while (places > 0 && digits % 10 == 0)
        {
            digits /= 10;
            places--;
        }

        _digits = digits;
        Places = places;
    }

    /// <summary>Places after the point.</summary>
    public int Places { get; }

    public bool IsInteger => Places == 0;

    public int Sign => _digits.Sign;

    public BigInteger Floor => Divide(_digits, BigInteger.Pow(10, Places));

    public BigInteger Ceiling => -Divide(-_digits, BigInteger.Pow(10, Places));

    /// <summary>The digits after the point of a number that is not negative.</summary>
    public string Fraction =>
        Places == 0 ? "" : (_digits % BigInteger.Pow(10, Places)).ToString(CultureInfo.InvariantCulture).PadLeft(Places, '0');

    /// <summary>Reads a number of JSON.</summary>
    /// <returns>Whether it is one within reason.</returns>
    public static bool TryParse(string json, out ExactNumber number)
    {
        number = default;
        var exponentAt = json.AsSpan().IndexOfAny('e', 'E');
        var mantissa = exponentAt < 0 ? json : json[..exponentAt];
        var exponent = 0;
        if (
            exponentAt >= 0
            && !int.TryParse(json.AsSpan(exponentAt + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent)
        )
        {
            return false;
        }

        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        var places = (point < 0 ? 0 : mantissa.Length - point - 1) - (long)exponent;
        if (
            Math.Abs(places) > MostPlaces
            || mantissa.Length > MostPlaces
            || !BigInteger.TryParse(
                mantissa.Replace(".", "", StringComparison.Ordinal),
                NumberStyles.AllowLeadingSign,
                CultureInfo.InvariantCulture,
                out var digits
            )
        )
        {
            return false;
        }

        number = places < 0 ? new ExactNumber(digits * BigInteger.Pow(10, (int)-places)) : new ExactNumber(digits, (int)places);
        return true;
    }

    /// <summary>The least number that is a multiple of both; for positive ones.</summary>
    public static ExactNumber LeastCommonMultiple(ExactNumber one, ExactNumber two)
    {
        var places = Math.Max(one.Places, two.Places);
        var (a, b) = (one.Scaled(places), two.Scaled(places));
        return new ExactNumber(a / BigInteger.GreatestCommonDivisor(a, b) * b, places);
    }

    public static ExactNumber operator -(ExactNumber number) => new(-number._digits, number.Places);

    public static ExactNumber operator *(ExactNumber number, BigInteger factor) => new(number._digits * factor, number.Places);

    /// <summary>How often a step goes into the number, rounded down.</summary>
    public BigInteger FloorOver(ExactNumber step)
    {
        var places = Math.Max(Places, step.Places);
        return Divide(Scaled(places), step.Scaled(places));
    }

    /// <summary>How often a step goes into the number, rounded up.</summary>
    public BigInteger CeilingOver(ExactNumber step) => -(-this).FloorOver(step);

    public int ComparedTo(ExactNumber other)
    {
        var places = Math.Max(Places, other.Places);
        return Scaled(places).CompareTo(other.Scaled(places));
    }

    public override string ToString()
    {
        var digits = BigInteger.Abs(_digits).ToString(CultureInfo.InvariantCulture).PadLeft(Places + 1, '0');
        return (Sign < 0 ? "-" : "") + (Places == 0 ? digits : digits[..^Places] + "." + digits[^Places..]);
    }

    private BigInteger Scaled(int places) => _digits * BigInteger.Pow(10, places - Places);

    private static BigInteger Divide(BigInteger dividend, BigInteger divisor)
    {
        var quotient = BigInteger.DivRem(dividend, divisor, out var remainder);
        return remainder.Sign != 0 && remainder.Sign != divisor.Sign ? quotient - 1 : quotient;
    }
}
