using LlmThrift.SemanticCache;
using Xunit;

namespace LlmThrift.Tests.SemanticCache;

public sealed class LexicalPairScorerTests
{
    private const string Question = "How do I open an account?";

    private readonly LexicalPairScorer _scorer = new();

    [Theory]
    [InlineData("", "")]
    [InlineData("?", "Why 2?")]
    [InlineData(Question, "日本語")]
    public void Score_is_a_probability_and_the_same_both_ways(string first, string second)
    {
        var score = Score(first, second, 0.7f);

        Assert.InRange(score, 0, 1);
        Assert.Equal(score, Score(second, first, 0.7f));
    }

    [Fact]
    public void Score_rises_with_the_similarity() =>
        Assert.True(Score(Question, "How can I open an account?", 0.9f) > Score(Question, "How can I open an account?", 0.6f));

    [Theory]
    [InlineData("Can I open an account?", "Can I not open an account?")]
    [InlineData("How do I enable alerts?", "How do I disable alerts?")]
    [InlineData("Where do I open an account?", "When do I open an account?")]
    public void Score_falls_with_a_difference_that_decides(string first, string second) =>
        Assert.True(Score(first, second, 0.9f) < Score(first, first, 0.9f));

    private float Score(string first, string second, float similarity) =>
        _scorer.Score(new QuestionPair(first, second, [1, 0], [1, 0], similarity));
}
