using ConsoleReplay.Banking;
using ConsoleReplay.Recorded;
using ConsoleReplay.Semantic;
using Microsoft.Extensions.AI;
using Xunit;

namespace ConsoleReplay.Tests;

public sealed class SemanticReplayTests
{
    // Clopper and Pearson's one-sided limits; with none wrong, 1 - 0.05^(1/n).
    [Theory]
    [InlineData(1, 0, 0.95)]
    [InlineData(59, 0, 0.049508)]
    [InlineData(300, 0, 0.009936)]
    [InlineData(10, 1, 0.394163)]
    [InlineData(100, 5, 0.102253)]
    [InlineData(3, 3, 1.0)]
    [InlineData(0, 0, 1.0)]
    public void WrongShareUpper95_is_the_exact_binomial_limit(long served, long wrong, double expected)
    {
        Assert.Equal(expected, new CheckedHits(served, wrong).WrongShareUpper95, 5e-6);
    }

    [Fact]
    public void WrongShareUpper95_of_many_does_not_underflow()
    {
        Assert.InRange(new CheckedHits(1_000_000, 10_000).WrongShareUpper95, 0.0101, 0.0102);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Check_counts_a_served_answer_of_another_intent_as_wrong(bool stream)
    {
        // To this embedder all questions are one, and every first question has an answer of another intent than the rest.
        var questions = BankingData
            .Questions.Where(question => question.Intent == "age_limit")
            .Take(16)
            .Prepend(BankingData.Questions.First(question => question.Intent == "activate_my_card"))
            .ToArray();
        var check = new HitCheck(new BankingAnswers());
        using var client = new HitCheckingChatClient(
            new RecordedChatClient(new SameAnswer(questions[0]), "gpt-4o", double.PositiveInfinity, TimeProvider.System).WithCostControls(
                options =>
                {
                    options.UseSemanticCache = true;
                    options.SemanticCache.MaxErrorRate = 0.9;
                    options.SemanticCache.EmbeddingTimeout = TimeSpan.FromSeconds(30);
                    options.SemanticCache.EmbeddingGenerator = new SameVector();
                    options.SemanticCache.PairScorer = new SameScore();
                }
            ),
            check
        );
        var manager = client.GetService<LlmThrift.SemanticCache.SemanticCacheManager>()!;

        foreach (var question in questions.Concat(questions))
        {
            var options = new ChatOptions { ModelId = "gpt-4o", Temperature = 0 };
            if (stream)
                await client.GetStreamingResponseAsync(question.Text, options).ToChatResponseAsync();
            else
                await client.GetResponseAsync(question.Text, options);
            await manager.WhenIdleAsync();
        }

        Assert.True(check.OfCalls.Served > 0);
        Assert.Equal(manager.GetStatistics().Hits, check.OfCalls.Served);
        Assert.InRange(check.OfCalls.Wrong, check.OfCalls.Served - 1, check.OfCalls.Served);
        Assert.InRange(check.OfQuestions.Served, 1, check.OfCalls.Served);
    }

    private sealed class SameAnswer(BankingQuestion question) : IAnswerSource
    {
        public RecordedAnswer Find(IReadOnlyList<ChatMessage> messages, ChatOptions? options) =>
            new() { Message = new ChatMessage(ChatRole.Assistant, BankingData.Answers[question.Intent]) };
    }

    private sealed class SameScore : LlmThrift.SemanticCache.IQuestionPairScorer
    {
        public float Score(in LlmThrift.SemanticCache.QuestionPair pair) => 1;
    }

    private sealed class SameVector : IEmbeddingGenerator<string, Embedding<float>>
    {
        public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
            IEnumerable<string> values,
            EmbeddingGenerationOptions? options = null,
            CancellationToken cancellationToken = default
        ) => Task.FromResult(new GeneratedEmbeddings<Embedding<float>>(values.Select(_ => new Embedding<float>(new[] { 1f, 0f, 0f }))));

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
            // Nothing is held.
        }
    }
}
