using LlmThrift.OutputLimits;
using LlmThrift.OutputLimits.Learning;

namespace LlmThrift.Evaluation.Outputs;

/// <summary>
/// What becomes of a stream in which one answer in so many loops, when the cap is learned from the stream itself. The learner cannot tell a loop that it
/// cut from an answer that would have been long.
/// </summary>
internal sealed record MixedTraffic
{
    private const int Requests = 20_000;
    private const int Seed = 1;

    /// <summary>One answer in this many loops.</summary>
    public required int LoopEvery { get; init; }

    /// <summary>The cap at the end.</summary>
    public required int? Cap { get; init; }

    public required int PlainAnswers { get; init; }

    public required int PlainAnswersCut { get; init; }

    /// <summary>The tokens that loops write without a cap.</summary>
    public required long LoopTokens { get; init; }

    public required long LoopTokensSaved { get; init; }

    public double ShareOfPlainCut => (double)PlainAnswersCut / PlainAnswers;

    public double ShareSaved => LoopTokens == 0 ? 0 : (double)LoopTokensSaved / LoopTokens;

    public static MixedTraffic Replay(IReadOnlyList<long> plain, int loopEvery)
    {
        var random = new Random(Seed);
        var learner = new CapLearner("", "", new LearnedCapOptions());
        var now = TimeProvider.System.GetUtcNow();
        var (plainAnswers, plainCut, loopTokens, saved) = (0, 0, 0L, 0L);
        for (var request = 0; request < Requests; request++)
        {
            var isLoop = random.Next(loopEvery) == 0;
            var length = isLoop ? OutputFigures.LoopTokens : plain[random.Next(plain.Count)];
            var cap = learner.CapAt(now);
            var isCut = cap < length;
            var written = isCut ? cap!.Value : length;
            learner.Observe(written, isWhole: !isCut && !isLoop, wasCapped: cap < OutputFigures.LoopTokens, wasCut: isCut, now);
            if (isLoop)
            {
                loopTokens += length;
                saved += length - written;
            }
            else
            {
                plainAnswers++;
                plainCut += isCut ? 1 : 0;
            }
        }

        return new MixedTraffic
        {
            LoopEvery = loopEvery,
            Cap = learner.CapAt(now),
            PlainAnswers = plainAnswers,
            PlainAnswersCut = plainCut,
            LoopTokens = loopTokens,
            LoopTokensSaved = saved,
        };
    }
}
