using LlmThrift.ContextTrimming;
using Xunit;

namespace LlmThrift.Tests.ContextTrimming;

public sealed class RelevanceTests
{
    [Theory]
    [InlineData("Hi!", "_hi_")]
    [InlineData("a", "_a_")]
    [InlineData("Tables", "_tab tabl able bles les_")]
    [InlineData("don't", "_don don_ _t_")]
    [InlineData("配送料", "配送 送料")]
    [InlineData("水", "水")]
    [InlineData("v2の", "_v2_ の")]
    [InlineData("", "")]
    public void Grams_are_runs_of_four_with_edges_and_pairs_of_dense_scripts(string text, string expected)
    {
        var found = new List<string>();
        var grams = new Grams(text);
        while (grams.MoveNext(out var gram))
        {
            var units = "";
            for (; gram != 0; gram >>= 16)
            {
                units = (char)(gram & 0xFFFF) + units;
            }

            found.Add(units);
        }

        Assert.Equal(expected, string.Join(' ', found));
    }

    [Theory]
    [InlineData("When does the invoice arrive?", "Invoices arrive on the third.", "The weather is fine.")]
    [InlineData("配送はいつですか", "配送は三日後です", "天気がいいですね")]
    [InlineData("Когда придёт счёт?", "Счета приходят третьего", "Сегодня хорошая погода")]
    public void Text_with_the_words_of_the_question_scores_higher_in_any_language(string question, string answer, string other)
    {
        var scores = new double[2];
        WordRelevance.Score(question, [other, answer], scores);

        Assert.True(scores[1] > scores[0], $"{scores[1]} for the answer, {scores[0]} for the other");
    }

    [Fact]
    public void Neighbours_share_a_score_the_less_the_farther_and_not_across_a_pause()
    {
        var scores = new double[] { 0, 0, 10, 0, 0, 0 };
        Scores.AddNeighbors(scores, [20, 20, 20, 20, 20, 20], [false, false, false, false, true, false], 100);

        Assert.Equal(10, scores[2], 0.001);
        Assert.True(scores[1] > scores[0] && scores[0] > 0);
        Assert.Equal(scores[1], scores[3], 0.001);
        Assert.Equal((0d, 0d), (scores[4], scores[5]));
    }

    [Fact]
    public void Author_that_the_question_names_is_preferred_by_name_or_by_a_beginning_that_comes_back()
    {
        var byName = new double[2];
        Authors.AddTo("What did Maria say?", ["Maria", "Tom"], ["a", "b"], byName);
        var byBeginning = new double[4];
        Authors.AddTo("What did maria say?", new string?[4], ["Maria: a", "Maria: b", "Maria: c", "Note: d"], byBeginning);

        Assert.Equal([3d, 0d], byName);
        Assert.Equal([3d, 3d, 3d, 0d], byBeginning);
    }
}
