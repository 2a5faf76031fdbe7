using System.Globalization;
using ConsoleReplay.Traffic;
using Microsoft.Extensions.AI;

namespace ConsoleReplay.Banking;

/// <summary>Builds traffic out of the shipped questions. The questions are real; how often each is asked is built.</summary>
internal static class BankingTraffic
{
    /// <summary>The cap on answers, in tokens: far above the longest that is meant to be given, about 130.</summary>
    public const int MaxOutputTokens = 400;

    /// <param name="calls">How many calls to build.</param>
    /// <param name="questions">How many different questions to draw from, at most all.</param>
    /// <param name="skew">Zipf's exponent: 0 asks every question equally often, 1 is what popularity of queries is often near.</param>
    /// <param name="seed">The same seed builds the same traffic.</param>
    /// <param name="modelId">The model that the app asks.</param>
    /// <param name="stream">Whether the app asks for streams.</param>
    public static ReplayTraffic Build(int calls, int questions, double skew, int seed, string modelId, bool stream)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(calls, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(questions, 1);
        questions = Math.Min(questions, BankingData.Questions.Count);

        var random = new Random(seed);
        var pool = BankingData.Questions.ToArray();
        random.Shuffle(pool);
        var popularity = new ZipfSampler(questions, skew, random);
        var system = new ChatMessage(ChatRole.System, BankingData.SystemPrompt);
        var replay = new ReplayCall[calls];
        for (var index = 0; index < calls; index++)
        {
            var question = pool[popularity.Next()];
            replay[index] = new ReplayCall
            {
                Messages = [system, new ChatMessage(ChatRole.User, question.Text)],
                Options = new ChatOptions { ModelId = modelId, Temperature = 0 },
                Stream = stream,
                Feature = question.Feature,
            };
        }

        var traffic = new ReplayTraffic
        {
            Title = "a bank's support chat",
            Calls = replay,
            MaxOutputTokens = MaxOutputTokens,
            CreateAnswers = static () => new BankingAnswers(),
        };
        return traffic with
        {
            Notes =
            [
                Invariant(
                    $"Questions: real, {questions:N0} of BANKING77 (PolyAI, CC BY 4.0). The system prompt is written for this sample."
                ),
                Invariant(
                    $"Repetition: built, not measured. Zipf with exponent {skew:0.0#}, seed {seed}; {traffic.RepeatShare:P1} of the calls"
                ) + " repeat an earlier one word for word. Your own share decides: try --file.",
            ],
        };
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
