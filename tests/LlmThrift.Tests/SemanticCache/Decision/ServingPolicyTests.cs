using LlmThrift.Internal;
using LlmThrift.SemanticCache;
using Xunit;

namespace LlmThrift.Tests.SemanticCache.Decision;

public sealed class ServingPolicyTests
{
    private const string Question = "How do I cancel my order?";

    /// <summary>The log-odds of an error are the similarity times -10, so that a test can choose them.</summary>
    private static readonly ServingModel BySimilarity = new(0, [0, 0, -10, .. new float[ServingFeatures.Count - 3]]);

    /// <summary>The same, less the log-odds of the score.</summary>
    private static readonly ServingModel BySimilarityAndScore = new(
        0,
        [0, 0, -10, .. new float[ServingFeatures.OwnScore - 3], -1, .. new float[ServingFeatures.Count - ServingFeatures.OwnScore - 1]]
    );

    [Fact]
    public void Decide_without_candidates_explores()
    {
        var decision = new ServingPolicy(0.01, 1).Decide([], new AskedQuestion(Question));

        Assert.Equal((ServingChoice.Explore, "no_neighbor", null), (decision.Choice, decision.Reason, decision.Entry));
    }

    [Fact]
    public void Guarded_question_is_explored_and_says_why()
    {
        var decision = new ServingPolicy(0.01, 1, BySimilarity).Decide([Near(1, "Can I pay 20?")], new AskedQuestion("Can I pay 30?"));

        Assert.Equal((ServingChoice.Explore, "other_number"), (decision.Choice, decision.Reason));
    }

    [Fact]
    public void Right_answers_are_served_and_some_audited()
    {
        var hits = Simulate(0.01, 5_000, _ => 0.8f, (_, _) => 0);

        Assert.InRange(hits.Count, 4_500, 4_990);
    }

    [Theory]
    [InlineData(0.005)]
    [InlineData(0.01)]
    [InlineData(0.05)]
    public void Share_of_false_hits_is_not_above_the_limit(double maxErrorRate)
    {
        // The true error is twice what the model thinks: the policy has to learn it.
        var hits = Simulate(
            maxErrorRate,
            30_000,
            random => 0.1f + (0.8f * random.NextSingle()),
            (_, similarity) => Math.Min(1, 2 * ErrorCalibrator.Sigmoid(-10 * similarity))
        );

        var wrong = hits.Count(hit => hit.IsWrong);
        Assert.True(hits.Count > 5_000, $"{hits.Count} hits");
        Assert.True(BinomialInterval.Lower(wrong, hits.Count, 0.95) <= maxErrorRate, $"{wrong} of {hits.Count} hits are false");
    }

    [Fact]
    public void Answers_that_have_become_wrong_stop_being_served()
    {
        var hits = Simulate(0.01, 6_000, _ => 0.6f, (request, _) => request < 2_000 ? 0 : 1);

        Assert.True(hits.Count > 1_500);
        Assert.DoesNotContain(hits, hit => hit.Request > 5_000);
    }

    [Fact]
    public void One_wrong_answer_among_the_first_audited_does_not_end_serving()
    {
        var policy = new ServingPolicy(0.01, 1, BySimilarity);
        var entry = Near(0.6f, Question).Entry;
        var expectedErrors = 0.0;
        for (var outcome = 1; outcome < 40; outcome++)
        {
            // What the model expects, and then an answer of which it was surer than of any other.
            var logOdds = -1 - (3 * outcome / 40f);
            var before = Math.Floor(expectedErrors);
            expectedErrors += ErrorCalibrator.Sigmoid(logOdds);
            Learn(logOdds, weight: 1, wasRight: Math.Floor(expectedErrors) == before);
        }

        Learn(-9, weight: 2, wasRight: false);

        var served = 0;
        for (var question = 0; question < 100; question++)
        {
            var decision = policy.Decide([Near(0.6f, Question)], new AskedQuestion(Question));
            served += decision.Choice == ServingChoice.Serve ? 1 : 0;
            if (decision.Choice == ServingChoice.Explore)
            {
                policy.Learn(decision.Trace, decision.Choice, wasRight: true, [], entry);
            }
        }

        Assert.InRange(served, 80, 100);

        void Learn(float logOdds, float weight, bool wasRight) =>
            policy.Learn(new DecisionTrace(0.6f, float.NaN, logOdds, weight, null), ServingChoice.Explore, wasRight, [], entry);
    }

    [Fact]
    public void Reports_of_wrong_answers_raise_the_limit_of_the_error()
    {
        var policy = new ServingPolicy(0.01, 1, BySimilarity);
        var candidate = Near(0.6f, Question);
        var before = policy.Decide([candidate], new AskedQuestion(Question));
        for (var report = 0; report < 80; report++)
        {
            policy.ReportWrong(before.Trace);
        }

        var after = policy.Decide([candidate], new AskedQuestion(Question));

        Assert.True(after.ErrorBound > 3 * before.ErrorBound, $"{before.ErrorBound} before, {after.ErrorBound} after");
        Assert.Equal((ServingChoice.Explore, "thin_evidence"), (after.Choice, after.Reason));
    }

    [Fact]
    public void What_is_dismissed_would_not_be_served_with_any_scores()
    {
        var random = new Random(3);
        var policy = new ServingPolicy(0.01, 1);
        var other = new AnswerGroup("other", null!);
        var dismissed = 0;
        for (var i = 0; i < 3_000; i++)
        {
            var similarity = random.NextSingle();
            Candidate[] candidates =
            [
                .. Enumerable
                    .Range(0, 1 + random.Next(20))
                    .Select(rank => Near(similarity * (1 - (0.01f * rank)), Question, random.Next(3) == 0 ? other : Group)),
            ];
            if (!policy.TryDismiss(candidates, out var decision))
            {
                continue;
            }

            dismissed++;
            var scored = candidates.Select(c => c with { Score = c.Entry.Group == candidates[0].Entry.Group ? 1 : 0 }).ToArray();
            var weighed = policy.Decide(scored, new AskedQuestion(Question));
            Assert.Equal(ServingChoice.Explore, weighed.Choice);
            Assert.Equal((decision.Choice, decision.Entry), (weighed.Choice, weighed.Entry));
        }

        Assert.InRange(dismissed, 10, 2_900);
    }

    [Fact]
    public void What_may_be_served_is_not_dismissed() =>
        Assert.False(new ServingPolicy(0.01, 1, BySimilarity).TryDismiss([Near(0.8f, Question)], out _));

    [Theory]
    [InlineData(1.2f, 0)]
    [InlineData(0.6f, 1)]
    [InlineData(0.4f, 0)]
    public void Only_what_would_be_served_and_is_not_beyond_doubt_is_verified(float similarity, int verified)
    {
        var scorer = new CarefulScorer(0.5f);

        new ServingPolicy(0.01, 1, BySimilarityAndScore).Decide([Near(similarity, Question)], new AskedQuestion(Question, [1], scorer));

        Assert.Equal(verified, scorer.Verified);
    }

    [Fact]
    public void Verified_score_has_the_last_word()
    {
        var doubted = Decide(new CarefulScorer(0.01f));
        var confirmed = Decide(new CarefulScorer(0.99f));

        Assert.Equal((ServingChoice.Explore, 0.01f), (doubted.Choice, doubted.Trace.Score));
        Assert.Equal((ServingChoice.Serve, 0.99f), (confirmed.Choice, confirmed.Trace.Score));

        static ServingDecision Decide(CarefulScorer scorer) =>
            new ServingPolicy(0.01, 1, BySimilarityAndScore).Decide([Near(0.6f, Question)], new AskedQuestion(Question, [1], scorer));
    }

    private static List<(int Request, bool IsWrong)> Simulate(
        double maxErrorRate,
        int requests,
        Func<Random, float> similarity,
        Func<int, float, double> error
    )
    {
        var random = new Random(5);
        var policy = new ServingPolicy(maxErrorRate, 1, BySimilarity);
        var hits = new List<(int, bool)>();
        for (var request = 0; request < requests; request++)
        {
            var candidate = Near(similarity(random), Question);
            var decision = policy.Decide([candidate], new AskedQuestion(Question));
            var isWrong = random.NextDouble() < error(request, candidate.Similarity);
            if (decision.Choice == ServingChoice.Serve)
            {
                hits.Add((request, isWrong));
            }
            else
            {
                policy.Learn(decision.Trace, decision.Choice, !isWrong, [], candidate.Entry);
            }
        }

        return hits;
    }

    private static Candidate Near(float similarity, string question, AnswerGroup? group = null) =>
        new(
            new SemanticEntry(1, Scope, question, [1], group ?? Group) { CreatedAt = default, ExpiresAt = DateTimeOffset.MaxValue },
            similarity,
            float.NaN
        );

    private static SemanticScope Scope { get; } = new("scope", 1);

    private static AnswerGroup Group { get; } = new("group", null!);

    /// <summary>Has no opinion at first.</summary>
    private sealed class CarefulScorer(float verified) : IQuestionPairScorer
    {
        public int Verified { get; private set; }

        public float Score(in QuestionPair pair) => 0.5f;

        public float Verify(in QuestionPair pair)
        {
            Verified++;
            return verified;
        }
    }
}
