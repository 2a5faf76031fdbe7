using LlmThrift.Internal;
using LlmThrift.OutputLimits;
using LlmThrift.OutputLimits.Learning;
using LlmThrift.Tokens;

namespace LlmThrift.Evaluation.Outputs;

/// <summary>What a cap that was learned from the first half of a file's plain answers does to the second half.</summary>
internal sealed record OutputFigures
{
    /// <summary>Where an answer that loops ends without a cap: a common limit of models and of client libraries.</summary>
    public const int LoopTokens = 4_096;

    /// <summary>The counts are by o200k_base, whoever wrote the answers.</summary>
    private const string CountingModel = "gpt-4o";

    public required string Name { get; init; }

    public required int Samples { get; init; }

    /// <summary>Null when the first half is too short to learn from.</summary>
    public required int? Cap { get; init; }

    public required int Answers { get; init; }

    public required int AnswersCut { get; init; }

    public required long Tokens { get; init; }

    public required long LongestPlain { get; init; }

    public required long ConciseTokens { get; init; }

    public required Runaway Verbose { get; init; }

    public required Runaway Loop { get; init; }

    /// <summary>Loops among plain answers, while the learner goes on learning from both.</summary>
    public required IReadOnlyList<MixedTraffic> Mixed { get; init; }

    public double ShareCut => Answers == 0 ? 0 : (double)AnswersCut / Answers;

    /// <summary>The one-sided upper limit of Clopper and Pearson.</summary>
    public double ShareCutUpper95 => BinomialInterval.Upper(AnswersCut, Answers, 0.95);

    /// <summary>What the request to be concise saves on the plain answers.</summary>
    public double SavedByBrevity => Tokens == 0 ? 0 : 1 - ((double)ConciseTokens / Tokens);

    public static OutputFigures Measure(OutputFile file)
    {
        var half = file.Answers.Count / 2;
        var learner = new CapLearner("", "", new LearnedCapOptions());
        var now = TimeProvider.System.GetUtcNow();
        foreach (var answer in file.Answers.Take(half))
        {
            learner.Observe(Count(answer.Plain), isWhole: true, wasCapped: false, wasCut: false, now);
        }

        var cap = learner.CapAt(now);
        var rest = file.Answers.Skip(half).ToList();
        var plain = rest.ConvertAll(answer => Count(answer.Plain));
        var verbose = rest.ConvertAll(answer => Count(answer.Verbose));
        return new OutputFigures
        {
            Name = file.Name,
            Samples = half,
            Cap = cap,
            Answers = rest.Count,
            AnswersCut = plain.Count(tokens => tokens > cap),
            Tokens = plain.Sum(),
            LongestPlain = plain.Max(),
            ConciseTokens = rest.Sum(answer => Count(answer.Concise)),
            Verbose = Runaway.Of(verbose, cap),
            Loop = Runaway.Of([.. plain.Select(_ => (long)LoopTokens)], cap),
            Mixed = [.. new[] { 1_000, 400, 100 }.Select(every => MixedTraffic.Replay(plain, every))],
        };
    }

    private static long Count(string text) => RequestTokenCounter.Default.CountText(text, CountingModel).Tokens;

    /// <summary>Answers that run away, and what of them lies beyond the cap.</summary>
    internal sealed record Runaway(int Answers, int AnswersCut, long Tokens, long TokensSaved)
    {
        public double ShareSaved => Tokens == 0 ? 0 : (double)TokensSaved / Tokens;

        public static Runaway Of(IReadOnlyCollection<long> lengths, int? cap) =>
            new(
                lengths.Count,
                lengths.Count(tokens => tokens > cap),
                lengths.Sum(),
                cap is { } most ? lengths.Sum(tokens => Math.Max(0, tokens - most)) : 0
            );
    }
}
