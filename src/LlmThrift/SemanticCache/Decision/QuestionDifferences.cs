namespace LlmThrift.SemanticCache;

/// <summary>
/// Finds what sets two questions apart for the answer although their vectors are close: the mistakes that semantic caches are turned off for.
/// Strict: a difference found where there is none costs one call of the model, one overlooked a wrong answer.
/// </summary>
internal static class QuestionDifferences
{
    public static QuestionDifference Between(QuestionText left, QuestionText right)
    {
        var found = QuestionDifference.None;
        Add(HasOther(left, right, WordKinds.Number), QuestionDifference.Number);
        Add(HasOther(left, right, WordKinds.Unit), QuestionDifference.Unit);
        Add(HasOther(left, right, WordKinds.Date), QuestionDifference.Date);
        Add(HasOtherName(left, right), QuestionDifference.Name);
        Add(left.IsNegated != right.IsNegated, QuestionDifference.Negation);
        Add(
            left.Type != right.Type && left.Type != QuestionType.Other && right.Type != QuestionType.Other,
            QuestionDifference.QuestionType
        );
        Add(left.Language != right.Language && left.Language != 0 && right.Language != 0, QuestionDifference.Language);
        Add(HasOpposite(left, right), QuestionDifference.Opposite);
        Add(IsTurnedRound(left, right), QuestionDifference.Direction);
        return found;

        void Add(bool isFound, QuestionDifference difference) => found |= isFound ? difference : QuestionDifference.None;
    }

    private static bool HasOther(QuestionText left, QuestionText right, WordKinds kind) =>
        HasMore(left, right, kind) || HasMore(right, left, kind);

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
    private static bool HasOtherName(QuestionText left, QuestionText right) => HasMoreNames(left, right) || HasMoreNames(right, left);

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

    /// <summary>One has "enable" where the other has "disable", or "block" where the other has "unblock".</summary>
    private static bool HasOpposite(QuestionText left, QuestionText right)
    {
        foreach (ref readonly var word in left.Words)
        {
            if (word.Reversed != 0 && ContainsStem(right, word.Reversed) && !ContainsStem(right, word.Stem))
            {
                return true;
            }

            if (word.Is(WordKinds.Opposite) && !ContainsHash(right, word.Hash) && IsOpposed(word, left, right))
            {
                return true;
            }
        }

        foreach (ref readonly var word in right.Words)
        {
            if (word.Reversed != 0 && ContainsStem(left, word.Reversed) && !ContainsStem(left, word.Stem))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsOpposed(in QuestionWord word, QuestionText left, QuestionText right)
    {
        foreach (var (group, isFirst) in WordLists.SidesOf(word.Hash))
        {
            if (HasSide(right, group, !isFirst, except: left) && !HasSide(right, group, isFirst, except: null))
            {
                return true;
            }
        }

        return false;
    }

    private static bool HasSide(QuestionText text, short group, bool isFirst, QuestionText? except)
    {
        foreach (ref readonly var word in text.Words)
        {
            if (word.Is(WordKinds.Opposite) && (except is null || !ContainsHash(except, word.Hash)))
            {
                foreach (var side in WordLists.SidesOf(word.Hash))
                {
                    if (side.Group == group && side.IsFirst == isFirst)
                    {
                        return true;
                    }
                }
            }
        }

        return false;
    }

    /// <summary>Two words in both questions, in opposite order, with a word between them each time that tells who is who: "euros to dollars".</summary>
    private static bool IsTurnedRound(QuestionText left, QuestionText right)
    {
        var words = left.Words;
        for (var i = 0; i < words.Length; i++)
        {
            if (!words[i].Is(WordKinds.Direction))
            {
                continue;
            }

            if (Before(words, i) is { } first && After(words, i) is { } second && IsReversedIn(right, first, second))
            {
                return true;
            }
        }

        return false;
    }

    private static uint? Before(ReadOnlySpan<QuestionWord> words, int position)
    {
        for (var i = position - 1; i >= 0; i--)
        {
            if (words[i].IsContent && !words[i].Is(WordKinds.Direction))
            {
                return words[i].Stem;
            }
        }

        return null;
    }

    private static uint? After(ReadOnlySpan<QuestionWord> words, int position)
    {
        for (var i = position + 1; i < words.Length; i++)
        {
            if (words[i].IsContent && !words[i].Is(WordKinds.Direction))
            {
                return words[i].Stem;
            }
        }

        return null;
    }

    private static bool IsReversedIn(QuestionText text, uint first, uint second)
    {
        var words = text.Words;
        for (var i = 0; i < words.Length; i++)
        {
            if (words[i].Is(WordKinds.Direction) && Before(words, i) == second && After(words, i) == first)
            {
                return true;
            }
        }

        // "from A to B" against "to A from B": the same words after each other's preposition.
        return false;
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
