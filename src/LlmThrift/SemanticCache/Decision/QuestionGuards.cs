namespace LlmThrift.SemanticCache;

/// <summary>
/// Says what forbids to serve a question the answer of a group, although its vector is close to theirs. A difference that the group's own
/// questions show among themselves does not matter to its answer: "How long does a transfer of £20 take?" and "… of £50 …".
/// </summary>
internal static class QuestionGuards
{
    /// <summary>More members than this are not looked at.</summary>
    public const int MaxMembers = 8;

    /// <summary>So many questions that all have a word may be about that.</summary>
    private const int MinMembersOfOneWord = 3;

    /// <summary>Differences that evidence can excuse. A reversed meaning never is.</summary>
    private const QuestionDifference Excusable = ~(QuestionDifference.Opposite | QuestionDifference.Direction);

    private const QuestionDifference Counted = QuestionDifference.Number | QuestionDifference.Unit | QuestionDifference.Date;

    /// <param name="question">The question asked.</param>
    /// <param name="members">The nearest questions of the group, nearest first.</param>
    /// <param name="cleanShare">The share of members that differ from the question in nothing.</param>
    /// <returns>What forbids to serve; none when the answer may be served.</returns>
    public static QuestionDifference Forbid(QuestionText question, ReadOnlySpan<QuestionText> members, out float cleanShare)
    {
        members = members[..Math.Min(members.Length, MaxMembers)];
        var common = (QuestionDifference)(-1);
        var any = QuestionDifference.None;
        var clean = 0;
        var turned = 0;
        foreach (var member in members)
        {
            var difference = QuestionDifferences.Between(question, member);
            common &= difference;
            any |= difference;
            turned += (difference & QuestionDifference.Direction) != QuestionDifference.None ? 1 : 0;
            clean += difference == QuestionDifference.None ? 1 : 0;
        }

        cleanShare = (float)clean / members.Length;
        if (common != QuestionDifference.None && members.Length >= 3)
        {
            common &= ~(ShownBy(members) & Excusable);
        }

        // A member that does not speak of something clears nothing: "What are the steps?" is neither "how" nor "why".
        if ((any & QuestionDifference.Opposite) != QuestionDifference.None && IsOnNewSide(question, members))
        {
            common |= QuestionDifference.Opposite;
        }

        var isNearestTurned = (QuestionDifferences.Between(question, members[0]) & QuestionDifference.Direction) != QuestionDifference.None;
        if (isNearestTurned || turned * 2 >= members.Length)
        {
            common |= QuestionDifference.Direction;
        }

        var isOtherType = (any & QuestionDifference.QuestionType) != QuestionDifference.None || question.Type == QuestionType.Why;
        if (isOtherType && !IsAskedIn(question.Type, members))
        {
            common |= QuestionDifference.QuestionType;
        }

        // A large group has shown in how many ways it can be asked for: there a new word is left to the vectors.
        var isNewWord = members.Length < MaxMembers && HasNewWord(question, members);
        return common | (isNewWord ? QuestionDifference.Word : QuestionDifference.None);
    }

    /// <summary>A short stable word for the gravest difference.</summary>
    public static string NameOf(QuestionDifference difference) =>
        (QuestionDifference)((int)difference & -(int)difference) switch
        {
            QuestionDifference.Number => "other_number",
            QuestionDifference.Unit => "other_unit",
            QuestionDifference.Date => "other_date",
            QuestionDifference.Negation => "negation",
            QuestionDifference.Opposite => "opposite",
            QuestionDifference.Direction => "direction",
            QuestionDifference.Name => "other_name",
            QuestionDifference.QuestionType => "question_type",
            QuestionDifference.Language => "language",
            _ => "other_word",
        };

    /// <summary>What differs between members. Numbers do where two have one each: that one has none says nothing about which one matters.</summary>
    private static QuestionDifference ShownBy(ReadOnlySpan<QuestionText> members)
    {
        var shown = QuestionDifference.None;
        for (var i = 1; i < members.Length; i++)
        {
            shown |= QuestionDifferences.Between(members[0], members[i]) & ~Counted;
            for (var j = 0; j < i; j++)
            {
                shown |= QuestionDifferences.OtherCounts(members[i], members[j]);
            }
        }

        return shown;
    }

    /// <summary>The question has "off" for a member's "on", and no member has "off".</summary>
    private static bool IsOnNewSide(QuestionText question, ReadOnlySpan<QuestionText> members)
    {
        foreach (var member in members)
        {
            var side = QuestionDifferences.OpposedSide(question, member);
            if (side != QuestionDifferences.NoSide && !IsTaken((short)side, members))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsTaken(short side, ReadOnlySpan<QuestionText> members)
    {
        foreach (var member in members)
        {
            if (member.Sides.Contains(side))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsAskedIn(QuestionType type, ReadOnlySpan<QuestionText> members)
    {
        foreach (var member in members)
        {
            if (member.Type == type)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// The question is a member's but for a word or two that no member has, or it has such a word and lacks one that all members have: "java"
    /// for "python". Synonyms look the same; they cost one call, after which the group knows them.
    /// </summary>
    private static bool HasNewWord(QuestionText question, ReadOnlySpan<QuestionText> members)
    {
        var unknown = QuestionDifferences.ContentOf(question);
        foreach (var member in members)
        {
            unknown &= ~QuestionDifferences.KnownTo(member, question, unknown);
        }

        if (unknown == 0)
        {
            return false;
        }

        foreach (var member in members)
        {
            if (QuestionDifferences.IsSameButForWords(question, member, out var extra) && (extra & unknown) != 0)
            {
                return true;
            }
        }

        return members.Length >= MinMembersOfOneWord && LacksCommonWord(question, members);
    }

    private static bool LacksCommonWord(QuestionText question, ReadOnlySpan<QuestionText> members)
    {
        var common = QuestionDifferences.ContentOf(members[0]);
        common &= ~QuestionDifferences.KnownTo(question, members[0], common);
        foreach (var member in members[1..])
        {
            common &= QuestionDifferences.KnownTo(member, members[0], common);
        }

        return common != 0;
    }
}
