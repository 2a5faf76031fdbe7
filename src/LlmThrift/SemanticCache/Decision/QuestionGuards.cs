namespace LlmThrift.SemanticCache;

/// <summary>
/// Says what forbids to serve a question the answer of a group, although its vector is close to theirs. A difference that the group's own
/// questions show among themselves does not matter to its answer: "How long does a transfer of £20 take?" and "… of £50 …".
/// </summary>
internal static class QuestionGuards
{
    private const int MaxMembers = 8;

    /// <summary>Differences that evidence can excuse. A reversed meaning never is.</summary>
    private const QuestionDifference Excusable = ~(QuestionDifference.Opposite | QuestionDifference.Direction);

    /// <param name="question">The question asked.</param>
    /// <param name="members">The nearest questions of the group, nearest first.</param>
    /// <param name="cleanShare">The share of members that differ from the question in nothing.</param>
    /// <returns>The differences that no member lacks and nothing excuses; none when the answer may be served.</returns>
    public static QuestionDifference Forbid(QuestionText question, ReadOnlySpan<QuestionText> members, out float cleanShare)
    {
        members = members[..Math.Min(members.Length, MaxMembers)];
        var common = (QuestionDifference)(-1);
        var clean = 0;
        foreach (var member in members)
        {
            var difference = QuestionDifferences.Between(question, member);
            common &= difference;
            clean += difference == QuestionDifference.None ? 1 : 0;
        }

        cleanShare = (float)clean / members.Length;
        if (common == QuestionDifference.None || members.Length < 3)
        {
            return common;
        }

        var shown = QuestionDifference.None;
        for (var i = 1; i < members.Length; i++)
        {
            shown |= QuestionDifferences.Between(members[0], members[i]);
        }

        return common & ~(shown & Excusable);
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
            _ => "language",
        };
}
