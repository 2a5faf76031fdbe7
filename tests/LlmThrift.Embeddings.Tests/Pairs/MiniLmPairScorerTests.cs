using LlmThrift.SemanticCache;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Embeddings.Tests.Pairs;

public sealed class MiniLmPairScorerTests : IDisposable
{
    private static readonly (string, string)[] SameAnswer =
    [
        ("How do I change my PIN?", "What is the way to change my PIN code?"),
        ("How can I lose weight quickly?", "What is the best way to lose weight fast?"),
        ("What are your business hours?", "When are you open?"),
        ("How do I learn to play the guitar?", "What is the best way to learn guitar?"),
        ("Why is the sky blue?", "What makes the sky look blue?"),
        ("How do I delete my account?", "How can I remove my account?"),
    ];

    private static readonly (string, string)[] OtherAnswer =
    [
        ("What is 2 plus 2?", "What is 2 plus 3?"),
        ("How do I enable two-factor login?", "How do I disable two-factor login?"),
        ("Which foods are good for the heart?", "Which foods are not good for the heart?"),
        ("How do I learn to play the guitar?", "How do I learn to play the drums?"),
        ("What is the capital of Austria?", "What is the capital of Australia?"),
        ("How do I get from London to Paris?", "How long does it take from London to Rome?"),
    ];

    private readonly MiniLmEmbeddingGenerator _generator = new();

    public void Dispose() => _generator.Dispose();

    [Fact]
    public void Generator_hands_out_the_scorer()
    {
        Assert.IsType<MiniLmPairScorer>(_generator.GetService(typeof(IQuestionPairScorer)));
        Assert.Null(_generator.GetService(typeof(IQuestionPairScorer), serviceKey: "key"));
        Assert.Same(_generator, _generator.GetService(typeof(IEmbeddingGenerator)));
    }

    [Fact]
    public void Scores_are_the_same_both_ways_and_again()
    {
        foreach (var (first, second) in SameAnswer.Concat(OtherAnswer))
        {
            var scores = (Score(first, second), Verify(first, second));

            Assert.Equal(scores, (Score(second, first), Verify(second, first)));
            Assert.Equal(scores, (Score(first, second), Verify(first, second)));
        }
    }

    [Fact]
    public void Score_does_not_depend_on_the_pairs_before()
    {
        string[] questions = [.. SameAnswer.Concat(OtherAnswer).SelectMany(pair => new[] { pair.Item1, pair.Item2 })];
        foreach (var asked in questions)
        {
            foreach (var other in questions)
            {
                // A copy is another object, of which nothing can have been read before.
                Assert.Equal(Score(new string(asked), new string(other)), Score(asked, other));
            }
        }
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("", "Why?")]
    [InlineData("?!", "...")]
    [InlineData("\ud800", "日本語の質問")]
    public void Score_of_odd_texts_is_a_probability(string first, string second)
    {
        Assert.InRange(Score(first, second), 0, 1);
        Assert.InRange(Verify(first, second), 0, 1);
    }

    [Fact]
    public void Score_of_long_texts_is_a_probability()
    {
        var text = string.Concat(Enumerable.Repeat("word and number 17, ", 5000));

        Assert.InRange(Score(text, text + "other"), 0, 1);
        Assert.InRange(Verify(text, text + "other"), 0, 1);
    }

    [Fact]
    public void Paraphrases_score_higher_than_near_misses()
    {
        var same = SameAnswer.Average(pair => Score(pair.Item1, pair.Item2));
        var other = OtherAnswer.Average(pair => Score(pair.Item1, pair.Item2));

        Assert.InRange(same - other, 0.25, 1);
    }

    [Fact]
    public void Verified_paraphrases_score_higher_than_near_misses()
    {
        var same = SameAnswer.Average(pair => Verify(pair.Item1, pair.Item2));
        var other = OtherAnswer.Average(pair => Verify(pair.Item1, pair.Item2));

        Assert.InRange(same - other, 0.4, 1);
    }

    [Fact]
    public void Scores_on_many_threads_are_those_of_one()
    {
        var scorer = new MiniLmPairScorer();
        var pairs = SameAnswer.Concat(OtherAnswer).ToArray();
        var expected = pairs.Select(pair => Both(scorer, pair)).ToArray();

        Parallel.For(0, 200, i => Assert.Equal(expected[i % pairs.Length], Both(scorer, pairs[i % pairs.Length])));
    }

    [Fact]
    public void Scores_allocate_nothing_once_the_thread_has_room()
    {
        var scorer = new MiniLmPairScorer();
        Both(scorer, SameAnswer[0]);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 20; i++)
        {
            Both(scorer, SameAnswer[0]);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static (float Score, float Verified) Both(MiniLmPairScorer scorer, (string, string) pair)
    {
        ReadOnlySpan<float> vector = stackalloc float[MiniLmEmbeddingGenerator.Dimensions];
        var questions = new QuestionPair(pair.Item1, pair.Item2, vector, vector, 0.8f);
        return (scorer.Score(questions), scorer.Verify(questions));
    }

    private float Score(string first, string second) => Scored(first, second, verified: false);

    private float Verify(string first, string second) => Scored(first, second, verified: true);

    private float Scored(string first, string second, bool verified)
    {
        Span<float> left = stackalloc float[MiniLmEmbeddingGenerator.Dimensions];
        Span<float> right = stackalloc float[MiniLmEmbeddingGenerator.Dimensions];
        _generator.Embed(first, left, out _);
        _generator.Embed(second, right, out _);
        var cosine = 0f;
        for (var i = 0; i < left.Length; i++)
        {
            cosine += left[i] * right[i];
        }

        var pair = new QuestionPair(first, second, left, right, cosine);
        return verified ? new MiniLmPairScorer().Verify(pair) : new MiniLmPairScorer().Score(pair);
    }
}
