using System.Globalization;
using System.Text.RegularExpressions;

namespace LlmThrift.Routing;

/// <summary>Works the sums of an answer out again. A sum is two or more numbers with signs between them, an equals sign, and a number.</summary>
internal sealed partial class ArithmeticCheck : IAnswerCheck
{
    /// <summary>Results are often rounded: to the digits that are written, or to a hundredth of their size.</summary>
    private const double Tolerance = 0.01;

    public string Name => "arithmetic";

    public ValueTask<AnswerVerdict> CheckAsync(AnswerToCheck answer, CancellationToken cancellationToken) =>
        new(Check(answer.Response.Text));

    public static AnswerVerdict Check(string text)
    {
        var verdict = AnswerVerdict.None;
        foreach (Match sum in Sum().Matches(text))
        {
            if (Work(sum.Groups["left"].Value) is not { } worked || Number(sum.Groups["right"].Value) is not { } said)
            {
                continue;
            }

            var written = sum.Groups["right"].Value;
            var decimals = written.IndexOf('.', StringComparison.Ordinal) is var point and >= 0 ? written.Length - point - 1 : 0;
            var rounding = Math.Max(0.51 * Math.Pow(10, -decimals), Tolerance * Math.Abs(said));

            // Whole numbers that come out whole are not rounded.
            var isExact = decimals == 0 && Math.Abs(worked - Math.Round(worked)) < 1e-9;
            if (Math.Abs(worked - said) > (isExact ? 1e-6 * Math.Max(1, Math.Abs(said)) : rounding))
            {
                return AnswerVerdict.Rejected;
            }

            verdict = AnswerVerdict.Accepted;
        }

        return verdict;
    }

    /// <summary>The value of a chain of numbers and signs, products first; null for what it cannot read.</summary>
    private static double? Work(string chain)
    {
        double sum = 0;
        double? term = null;
        var sign = '+';
        var adding = 1;
        foreach (Match token in Token().Matches(chain))
        {
            if (Number(token.Value) is { } number)
            {
                switch (sign)
                {
                    case '*':
                        term *= number;
                        break;
                    case '/':
                        term = number == 0 ? null : term / number;
                        break;
                    default:
                        sum += adding * (term ?? 0);
                        (term, adding) = (number, sign == '-' ? -1 : 1);
                        break;
                }

                if (term is null)
                {
                    return null;
                }
            }
            else
            {
                sign = token.Value[0] switch
                {
                    '×' or '·' or 'x' or '*' => '*',
                    '÷' or '/' => '/',
                    '−' or '–' or '-' => '-',
                    _ => '+',
                };
            }
        }

        return sum + (adding * (term ?? 0));
    }

    private static double? Number(string text)
    {
        var digits = text.Replace(",", "", StringComparison.Ordinal).Replace("$", "", StringComparison.Ordinal);
        var isPercent = digits.EndsWith('%');
        return
            double.TryParse(digits.TrimEnd('%'), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && double.IsFinite(number)
            ? isPercent
                ? number / 100
                : number
            : null;
    }

    // Not after a sign, a bracket, a letter or a digit, which would belong to it; nor where a unit or a bracket stands between.
    [GeneratedRegex(
        @"(?<![\w.,$])(?<![)\]^+\-−–*×·/÷=]\s?)(?<left>\$?\d[\d,]*(?:\.\d+)?%?(?:\s*[+\-−–*×·x/÷]\s*\$?\d[\d,]*(?:\.\d+)?%?)+)\s*=\s*(?<right>\$?-?\d[\d,]*(?:\.\d+)?)(?![\d.,]*\d|\s*[+\-−–*×·x/÷^(%:]|\s*=\s*\?)",
        RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1_000
    )]
    private static partial Regex Sum();

    [GeneratedRegex(@"\$?\d[\d,]*(?:\.\d+)?%?|[+\-−–*×·x/÷]", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex Token();
}
