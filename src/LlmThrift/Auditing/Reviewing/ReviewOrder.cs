using System.Security.Cryptography;
using System.Text;
using LlmThrift.Routing;

namespace LlmThrift.Auditing.Reviewing;

/// <summary>Which answer a person sees first: by chance, and the same whenever it is asked.</summary>
internal static class ReviewOrder
{
    public static bool IsWeakFirst(string id) => (SHA256.HashData(Encoding.UTF8.GetBytes(id))[0] & 1) == 0;

    /// <summary>What a verdict on the first and the second answer says of the tiers; null for none.</summary>
    /// <exception cref="FormatException">It is not a verdict.</exception>
    public static AnswerJudgement? Read(string id, string verdict)
    {
        (double First, double Second)? qualities = verdict.Trim().ToUpperInvariant() switch
        {
            "" => null,
            "BOTH" => (1, 1),
            "1" => (1, 0),
            "2" => (0, 1),
            "NONE" => (0, 0),
            _ => throw new FormatException(
                $"\"{verdict}\" is no verdict. Write BOTH, 1, 2 or NONE for the answers that would do, or leave it empty."
            ),
        };
        return qualities is not { } known ? null
            : IsWeakFirst(id) ? new AnswerJudgement(known.First, known.Second)
            : new AnswerJudgement(known.Second, known.First);
    }

    /// <summary>What <see cref="Read"/> reads.</summary>
    public static string Write(string id, AnswerJudgement judged)
    {
        var (first, second) = IsWeakFirst(id) ? (judged.WeakQuality, judged.StrongQuality) : (judged.StrongQuality, judged.WeakQuality);
        return (first > 0, second > 0) switch
        {
            (true, true) => "BOTH",
            (true, false) => "1",
            (false, true) => "2",
            _ => "NONE",
        };
    }
}
