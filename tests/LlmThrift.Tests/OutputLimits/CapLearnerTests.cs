using LlmThrift.OutputLimits;
using LlmThrift.OutputLimits.Learning;
using LlmThrift.TestKit;
using Xunit;

namespace LlmThrift.Tests.OutputLimits;

public sealed class CapLearnerTests
{
    private readonly ManualClock _clock = new();

    [Fact]
    public void Cap_is_the_quantile_with_margin_once_there_are_enough_answers()
    {
        var learner = new CapLearner("faq", "gpt-4o", new LearnedCapOptions());
        Observe(learner, 1_000, 99);
        Assert.Null(learner.CapAt(_clock.GetUtcNow()));

        Observe(learner, 1_000, 1);

        Assert.InRange(learner.CapAt(_clock.GetUtcNow())!.Value, 1_250, 1_250 * LengthHistogram.Growth);
    }

    [Fact]
    public void Cap_is_never_below_the_floor()
    {
        var learner = new CapLearner("faq", "gpt-4o", new LearnedCapOptions { Floor = 256 });
        Observe(learner, 5, 200);

        Assert.Equal(256, learner.CapAt(_clock.GetUtcNow()));
    }

    [Fact]
    public void Cap_is_given_up_when_what_it_was_learned_from_is_forgotten()
    {
        var learner = new CapLearner("faq", "gpt-4o", new LearnedCapOptions { MinSamples = 100, HalfLife = TimeSpan.FromDays(1) });
        Observe(learner, 1_000, 150);
        _clock.Advance(TimeSpan.FromDays(1));

        Assert.Null(learner.CapAt(_clock.GetUtcNow()));
    }

    [Fact]
    public void Cap_follows_answers_that_become_longer_though_it_cuts_every_one_of_them()
    {
        var learner = new CapLearner("faq", "gpt-4o", new LearnedCapOptions());
        Observe(learner, 400, 1_000);
        var before = learner.CapAt(_clock.GetUtcNow())!.Value;
        Assert.InRange(before, 500, 530);

        // From now on, the model writes 3,000 tokens unless it is cut.
        for (var index = 0; index < 200; index++)
        {
            var cap = learner.CapAt(_clock.GetUtcNow())!.Value;
            var isCut = cap < 3_000;
            learner.Observe(Math.Min(cap, 3_000), !isCut, wasCapped: true, wasCut: isCut, _clock.GetUtcNow());
        }

        Assert.True(learner.CapAt(_clock.GetUtcNow()) >= 3_000);
    }

    [Fact]
    public void Margin_grows_when_too_many_answers_are_cut_and_comes_back_with_time()
    {
        var options = new LearnedCapOptions { MaxShareCut = 0.01, HalfLife = TimeSpan.FromDays(1) };
        var learner = new CapLearner("faq", "gpt-4o", options);
        Capped(learner, cut: 1, whole: 99);
        Assert.Equal(options.Margin, learner.ReportAt(_clock.GetUtcNow()).Margin);

        Capped(learner, cut: 10, whole: 90);
        var report = learner.ReportAt(_clock.GetUtcNow());
        Assert.Equal(11.0 / 200, report.ShareCut, 1e-9);
        Assert.Equal(options.Margin * (12.0 / 300 / 0.01), report.Margin, 1e-9);
        Assert.Equal((200, 11), (report.AnswersCapped, report.AnswersCut));

        _clock.Advance(TimeSpan.FromDays(10));
        Capped(learner, cut: 0, whole: 300);
        Assert.Equal(options.Margin, learner.ReportAt(_clock.GetUtcNow()).Margin);
    }

    [Fact]
    public void Learners_are_no_more_than_a_thousand_and_the_one_least_used_goes()
    {
        var learners = new CapLearners(new LearnedCapOptions(), _clock);
        var kept = learners.For("kept", "m");
        for (var index = 0; index < 2 * CapLearners.MaxLearners; index++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            learners.For($"feature {index}", "m");
            Assert.Same(kept, learners.For("KEPT", "M"));
        }

        Assert.InRange(learners.Report().Count, CapLearners.MaxLearners - 1, CapLearners.MaxLearners);
    }

    private void Observe(CapLearner learner, long tokens, int times)
    {
        for (var index = 0; index < times; index++)
        {
            learner.Observe(tokens, isWhole: true, wasCapped: false, wasCut: false, _clock.GetUtcNow());
        }
    }

    private void Capped(CapLearner learner, int cut, int whole)
    {
        for (var index = 0; index < cut + whole; index++)
        {
            learner.Observe(500, isWhole: index >= cut, wasCapped: true, wasCut: index < cut, _clock.GetUtcNow());
        }
    }
}
