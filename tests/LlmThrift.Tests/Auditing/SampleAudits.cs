using LlmThrift.Auditing;
using LlmThrift.Routing;
using Microsoft.Extensions.AI;

namespace LlmThrift.Tests.Auditing;

/// <summary>Audits made by hand, with figures that can be worked out on paper.</summary>
internal static class SampleAudits
{
    public static readonly DateTimeOffset At = new(2025, 3, 9, 14, 5, 0, TimeSpan.FromHours(2));

    /// <summary>1 USD per 1,000 calls at the cheaper tier and 11 at the dearer one.</summary>
    public static readonly PolicyTier Weak = new("small", "small-model", 0.001m);

    public static readonly PolicyTier Strong = new("large", "large-model", 0.011m);

    public static AuditedPrompt Prompt(
        int number,
        double weak,
        double strong,
        TaskType task = TaskType.Faq,
        string? feature = "chat",
        string question = "When do you open?",
        string weakAnswer = "At noon.",
        string strongAnswer = "At nine."
    ) =>
        new()
        {
            Prompt = new AuditPrompt($"r{number}", [new ChatMessage(ChatRole.User, question)], feature),
            Task = task,
            WeakAnswer = weakAnswer,
            StrongAnswer = strongAnswer,
            Judgement = new AnswerJudgement(weak, strong),
        };

    /// <summary>Hundred requests: the cheaper tier is right in those that score lowest but for the <paramref name="wrong"/>, the dearer one in all.</summary>
    public static AuditResult Hundred(RoutingTarget target, params IEnumerable<int> wrong)
    {
        var weak = Enumerable.Repeat(1.0, 100).ToArray();
        foreach (var i in wrong)
        {
            weak[i] = 0;
        }

        return new AuditResult
        {
            Weak = Weak,
            Strong = Strong,
            Prompts = [.. weak.Select((quality, i) => Prompt(i, quality, 1))],
            At = At,
            Target = target,
            Policy = Policy(weak, [.. Enumerable.Repeat(1.0, 100)]),
            Sampled = 100,
            Spent = 1.25m,
        };
    }

    /// <summary>The first wrong at 70: 30 of a hundred, which score highest.</summary>
    public static AuditResult ThirtyWrong(RoutingTarget target) => Hundred(target, Enumerable.Range(70, 30));

    public static AuditResult Few(params AuditedPrompt[] prompts) =>
        new()
        {
            Weak = Weak,
            Strong = Strong,
            Prompts = prompts,
            At = At,
            Target = RoutingTarget.Quality(0.98),
            Sampled = prompts.Length,
        };

    /// <summary>A policy that scores the first prompt lowest.</summary>
    public static RoutingPolicy Policy(double[] weak, double[] strong) =>
        new(
            GainModel.OfPrior(GainPrior.Shipped.Dimensions),
            new PolicyEvidence([.. weak.Select((_, i) => i / 100.0)], weak, strong),
            GainPrior.Shipped
        )
        {
            WeakTier = Weak,
            StrongTier = Strong,
            EmbeddingModel = "all-MiniLM-L6-v2",
            CreatedAt = At,
            DataDigest = "0f1e2d",
        };
}
