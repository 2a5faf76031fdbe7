using LlmThrift.SemanticCache;
using Xunit;

namespace LlmThrift.Tests.SemanticCache.Decision;

public sealed class QuestionGuardsTests
{
    [Fact]
    public void Same_question_in_other_words_is_not_forbidden() =>
        Assert.Equal(QuestionDifference.None, Forbid("How can I cancel my order?", "How do I cancel my order?"));

    [Fact]
    public void Difference_to_all_members_is_forbidden() =>
        Assert.Equal(QuestionDifference.Number, Forbid("Can I pay 30?", "Can I pay 20?", "May I pay 20?", "Could I pay 20?"));

    [Fact]
    public void Difference_that_members_show_is_excused() =>
        Assert.Equal(QuestionDifference.None, Forbid("Can I pay 30?", "Can I pay 20?", "Can I pay 40?", "Can I pay 50?"));

    [Fact]
    public void Two_members_are_too_few_to_excuse() =>
        Assert.Equal(QuestionDifference.Number, Forbid("Can I pay 30?", "Can I pay 20?", "Can I pay 40?"));

    [Fact]
    public void Opposite_of_all_members_is_not_excused_by_what_they_show() =>
        Assert.True(
            Forbid("turn it off today", "turn it on today", "turn it on tomorrow", "turn it on now").HasFlag(QuestionDifference.Opposite)
        );

    [Fact]
    public void Member_without_question_word_does_not_clear_a_why() =>
        Assert.Equal(
            QuestionDifference.QuestionType,
            Forbid("Why do I need this card?", "Which card do I need?", "What card do I need?", "Tell me the card I need")
        );

    [Fact]
    public void Share_of_members_without_a_difference_is_told()
    {
        QuestionGuards.Forbid(
            QuestionText.Parse("Can I pay 30?"),
            [QuestionText.Parse("Can I pay 30?"), QuestionText.Parse("Can I pay 20?")],
            out var cleanShare
        );

        Assert.Equal(0.5f, cleanShare);
    }

    private static QuestionDifference Forbid(string question, params string[] members) =>
        QuestionGuards.Forbid(QuestionText.Parse(question), [.. members.Select(member => QuestionText.Parse(member))], out _);
}
