using System.Numerics;

namespace LlmThrift.SemanticCache;

/// <summary>
/// Finds what sets two questions apart for the answer although their vectors are close: the mistakes that semantic caches are turned off for.
/// Strict: a difference found where there is none costs one call of the model, one overlooked a wrong answer. The same both ways round.
/// </summary>
internal static class QuestionDifferences
{
    /// <summary>No side of any pair of opposites.</summary>
    public const int NoSide = -1;

    /// <summary>How many words one question may have in place of as many of the other to be the same sentence about something else.</summary>
    private const int MaxReplaced = 2;

    private static readonly uint From = QuestionText.Hash("from");
    private static readonly uint To = QuestionText.Hash("to");

    public static QuestionDifference Between(QuestionText left, QuestionText right)
    {
        var found = QuestionDifference.None;
        Add(HasOther(left, right, WordKinds.Number), QuestionDifference.Number);
        Add(HasOther(left, right, WordKinds.Unit), QuestionDifference.Unit);
        Add(HasOther(left, right, WordKinds.Date), QuestionDifference.Date);
        Add(HasMoreNames(left, right) || HasMoreNames(right, left), QuestionDifference.Name);
        Add(left.IsNegated != right.IsNegated, QuestionDifference.Negation);
        Add(
            left.Type != right.Type && left.Type != QuestionType.Other && right.Type != QuestionType.Other,
            QuestionDifference.QuestionType
        );
        Add(left.Language != right.Language && left.Language != 0 && right.Language != 0, QuestionDifference.Language);
        Add(
            OpposedSide(left, right) != NoSide || HasReversedWord(left, right) || HasReversedWord(right, left),
            QuestionDifference.Opposite
        );
        Add(IsTurnedRound(left, right), QuestionDifference.Direction);
        return found;

        void Add(bool isFound, QuestionDifference difference) => found |= isFound ? difference : QuestionDifference.None;
    }

    /// <summary>
    /// The side of a pair of opposites that <paramref name="left"/> takes more often, where <paramref name="right"/> takes the other more often;
    /// <see cref="NoSide"/> when there is none. Counted, because "on my phone" does not make "turn off" mean "turn on".
    /// </summary>
    public static int OpposedSide(QuestionText left, QuestionText right)
    {
        var sides = left.Sides;
        var others = right.Sides;
        for (int i = 0, j = 0; i < sides.Length && j < others.Length; )
        {
            var pair = Math.Min(sides[i], others[j]) >> 1;
            var surplus = CountPair(sides, pair, ref i, out var surplusOfSecond);
            surplus -= CountPair(others, pair, ref j, out var othersOfSecond);
            surplusOfSecond -= othersOfSecond;
            if (surplus * surplusOfSecond < 0)
            {
                return (2 * pair) + (surplus > 0 ? 0 : 1);
            }
        }

        return NoSide;
    }

    /// <summary>Whether the questions are the same but for one or two words of each, or one or two more in <paramref name="asked"/>.</summary>
    /// <param name="asked">The question asked.</param>
    /// <param name="cached">A question answered before.</param>
    /// <param name="extra">The words of <paramref name="asked"/> that the other does not have, a bit for each of the first 64.</param>
    public static bool IsSameButForWords(QuestionText asked, QuestionText cached, out ulong extra)
    {
        var missing = 0;
        extra = 0;
        foreach (ref readonly var word in cached.Words)
        {
            missing += word.IsContent && !ContainsStem(asked, word.Stem) ? 1 : 0;
            if (missing > MaxReplaced)
            {
                return false;
            }
        }

        var count = 0;
        var shared = 0;
        var words = asked.Words[..Math.Min(64, asked.Words.Length)];
        for (var i = 0; i < words.Length; i++)
        {
            if (ContainsStem(cached, words[i].Stem))
            {
                shared++;
            }
            else if (words[i].IsContent)
            {
                extra |= 1ul << i;
                count++;
            }
        }

        return count is > 0 and <= MaxReplaced && shared >= count + missing && shared > 1;
    }

    /// <summary>The words that say what a question is about, numbers and the like apart, a bit for each of the first 64.</summary>
    public static ulong ContentOf(QuestionText question)
    {
        var content = 0ul;
        var words = question.Words[..Math.Min(64, question.Words.Length)];
        for (var i = 0; i < words.Length; i++)
        {
            content |= words[i].IsContent && !words[i].Is(WordKinds.Number | WordKinds.Unit | WordKinds.Date) ? 1ul << i : 0;
        }

        return content;
    }

    /// <summary>Which of some words of a question, by their bits, a text has.</summary>
    public static ulong KnownTo(QuestionText text, QuestionText question, ulong words)
    {
        var known = 0ul;
        for (var left = words; left != 0; left &= left - 1)
        {
            var word = BitOperations.TrailingZeroCount(left);
            known |= ContainsStem(text, question.Words[word].Stem) ? 1ul << word : 0;
        }

        return known;
    }

    private static int CountPair(ReadOnlySpan<short> sides, int pair, ref int position, out int ofSecond)
    {
        var ofFirst = 0;
        ofSecond = 0;
        for (; position < sides.Length && sides[position] >> 1 == pair; position++)
        {
            if ((sides[position] & 1) == 0)
            {
                ofFirst++;
            }
            else
            {
                ofSecond++;
            }
        }

        return ofFirst;
    }

    private static bool HasOther(QuestionText left, QuestionText right, WordKinds kind) =>
        HasMore(left, right, kind) || HasMore(right, left, kind);

    /// <summary>The numbers, units and dates that both questions have, but different ones.</summary>
    public static QuestionDifference OtherCounts(QuestionText left, QuestionText right)
    {
        var found = HaveDifferent(left, right, WordKinds.Number) ? QuestionDifference.Number : QuestionDifference.None;
        found |= HaveDifferent(left, right, WordKinds.Unit) ? QuestionDifference.Unit : QuestionDifference.None;
        found |= HaveDifferent(left, right, WordKinds.Date) ? QuestionDifference.Date : QuestionDifference.None;
        return found;
    }

    private static bool HaveDifferent(QuestionText left, QuestionText right, WordKinds kind) =>
        HasMore(left, right, kind) && HasMore(right, left, kind);

    private static bool HasMore(QuestionText left, QuestionText right, WordKinds kind)
    {
        foreach (ref readonly var word in left.Words)
        {
            if (word.Is(kind) && !ContainsHash(right, word.Hash))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A name that the other question does not have, in capitals or not.</summary>
    private static bool HasMoreNames(QuestionText left, QuestionText right)
    {
        foreach (ref readonly var word in left.Words)
        {
            if (word.Is(WordKinds.Name) && !ContainsStem(right, word.Stem))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>"Unblock" on the left, "block" on the right.</summary>
    public static bool HasReversedWord(QuestionText left, QuestionText right)
    {
        foreach (ref readonly var word in left.Words)
        {
            if (word.Reversed != 0 && ContainsStem(right, word.Reversed) && !ContainsStem(right, word.Stem))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Who is who has changed: a preposition stands before the other word, "to" has become "from", or two words have swapped places.</summary>
    private static bool IsTurnedRound(QuestionText left, QuestionText right)
    {
        Span<(uint Role, uint Other)> moved = stackalloc (uint, uint)[left.Words.Length];
        var count = 0;
        foreach (ref readonly var word in left.Words)
        {
            if (HasOtherRole(left, right, word, out var role, out var other))
            {
                moved[count++] = (role, other);
            }
        }

        moved = moved[..count];
        foreach (var (role, other) in moved)
        {
            if ((role == From && other == To) || (role == To && other == From))
            {
                return true;
            }

            foreach (var second in moved)
            {
                // "To" stands before verbs too: there both words must have swapped.
                if (second.Other == role && (second.Role == other || (role != 0 && role != To)))
                {
                    return true;
                }
            }
        }

        return HasTwoSwapped(left, right);
    }

    private static bool HasOtherRole(QuestionText left, QuestionText right, in QuestionWord word, out uint role, out uint other)
    {
        (role, other) = (0, 0);
        if (!word.IsContent || RoleIn(right, word) is not { } inRight || RoleIn(left, word) is not { } inLeft)
        {
            return false;
        }

        (role, other) = (inLeft, inRight);
        return role != other;
    }

    /// <summary>The only role that a word has in a text; null when it has none there, or several.</summary>
    private static uint? RoleIn(QuestionText text, in QuestionWord word)
    {
        uint? role = null;
        foreach (ref readonly var other in text.Words)
        {
            if (other.Stem == word.Stem)
            {
                if (role is not null && role != other.Role)
                {
                    return null;
                }

                role = other.Role;
            }
        }

        return role;
    }

    /// <summary>"Does the buyer pay the seller?", "Does the seller pay the buyer?"</summary>
    private static bool HasTwoSwapped(QuestionText left, QuestionText right)
    {
        var words = left.Words;
        var others = right.Words;
        if (words.Length != others.Length)
        {
            return false;
        }

        int first = -1,
            second = -1;
        for (var i = 0; i < words.Length; i++)
        {
            if (words[i].Stem == others[i].Stem)
            {
                continue;
            }

            if (second >= 0)
            {
                return false;
            }

            (first, second) = first < 0 ? (i, -1) : (first, i);
        }

        return second >= first + 2 && words[first].Stem == others[second].Stem && words[second].Stem == others[first].Stem;
    }

    private static bool ContainsHash(QuestionText text, uint hash)
    {
        foreach (ref readonly var word in text.Words)
        {
            if (word.Hash == hash)
            {
                return true;
            }
        }

        return false;
    }

    private static bool ContainsStem(QuestionText text, uint stem)
    {
        foreach (ref readonly var word in text.Words)
        {
            if (word.Stem == stem)
            {
                return true;
            }
        }

        return false;
    }
}
