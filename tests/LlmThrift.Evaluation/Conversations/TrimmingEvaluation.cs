using System.Diagnostics;
using LlmThrift.ContextTrimming;
using LlmThrift.Embeddings;
using LlmThrift.Tokens;
using Microsoft.Extensions.AI;

namespace LlmThrift.Evaluation.Conversations;

/// <summary>Trims conversations for each of their questions, and counts how much of the evidence is left.</summary>
internal static class TrimmingEvaluation
{
    public static readonly int[] Percentages = [5, 10, 25, 50];

    private const string Model = "gpt-4o";

    public static async Task<TrimmingResult> RunAsync(
        string name,
        IReadOnlyList<Conversation> conversations,
        MiniLmEmbeddingGenerator generator,
        CancellationToken cancellation
    )
    {
        var sums = Percentages.ToDictionary(percentage => percentage, _ => new double[4]);
        var (questions, violations, tokensOfAll) = (0, 0, 0L);
        var (times, timesWithout) = (new List<double>(), new List<double>());
        for (var number = 0; number < conversations.Count; number++)
        {
            var conversation = conversations[number];
            var ours = Trimmer(generator);
            var withoutEmbeddings = Trimmer(null);
            var tokens = Array.ConvertAll(conversation.Turns, turn => TokensOf([turn]) - TokensOf([]));
            tokensOfAll += tokens.Sum();

            // All messages are embedded once, before time is taken.
            await ours.TrimAsync(
                [.. conversation.Turns, new(ChatRole.User, "?")],
                modelId: Model,
                maxTokens: tokens.Sum() / 2,
                cancellationToken: cancellation
            );
            foreach (var question in conversation.Questions)
            {
                questions++;
                Progress.Show($"{name}: conversation {number + 1} of {conversations.Count}, {questions} questions");
                ChatMessage asked = new(ChatRole.User, question.Text);
                ChatMessage[] messages = [.. conversation.Turns, asked];
                var total = TokensOf(messages);
                var ofQuestion = TokensOf([asked]);
                var plain = PlainSelections.Bm25(question.Text, conversation.Turns);
                foreach (var percentage in Percentages)
                {
                    var budget = total * percentage / 100;
                    var sum = sums[percentage];
                    sum[0] += await ShareAsync(ours, times);
                    sum[1] += await ShareAsync(withoutEmbeddings, timesWithout);
                    sum[2] += ShareOf(question.Evidence, PlainSelections.ByScore(plain, tokens, budget - ofQuestion));
                    sum[3] += ShareOf(question.Evidence, PlainSelections.LastN(tokens, budget - ofQuestion));

                    async Task<double> ShareAsync(ContextTrimmer trimmer, List<double> taken)
                    {
                        var started = Stopwatch.GetTimestamp();
                        var trimmed = await trimmer.TrimAsync(messages, modelId: Model, maxTokens: budget, cancellationToken: cancellation);
                        taken.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
                        violations += IsSound(messages, trimmed, budget) ? 0 : 1;
                        var kept = new HashSet<ChatMessage>(trimmed.Messages);
                        return ShareOf(question.Evidence, Array.ConvertAll(conversation.Turns, kept.Contains));
                    }
                }
            }
        }

        Progress.Clear();
        return new TrimmingResult(
            name,
            questions,
            violations,
            Median(times),
            Median(timesWithout),
            (double)tokensOfAll / Math.Max(1, conversations.Count),
            sums.ToDictionary(
                pair => pair.Key,
                pair => new TrimmingResult.Shares(
                    pair.Value[0] / questions,
                    pair.Value[1] / questions,
                    pair.Value[2] / questions,
                    pair.Value[3] / questions
                )
            )
        );
    }

    private static ContextTrimmer Trimmer(MiniLmEmbeddingGenerator? generator) =>
        new(
            new ContextTrimmingOptions
            {
                EmbeddingGenerator = generator,
                EmbeddingTimeout = TimeSpan.FromMinutes(5),
                TargetShare = 1,
                MaxContextShare = 1,
                IsPrefixAware = false,
            }
        );

    private static int TokensOf(ChatMessage[] messages) => RequestTokenCounter.Default.CountRequest(messages, null, Model).Tokens;

    private static double ShareOf(int[] evidence, bool[] kept) => (double)evidence.Count(place => kept[place]) / evidence.Length;

    /// <summary>Within the budget by a count of its own, the question at the end, all in order, nothing twice.</summary>
    private static bool IsSound(ChatMessage[] messages, TrimmedContext trimmed, int budget)
    {
        var sent = trimmed.Messages;
        if (TokensOf([.. sent]) > budget && trimmed.Outcome != TrimOutcome.PinnedOverBudget)
        {
            return false;
        }

        // Copies of what was shortened are not among the messages; nothing here is long enough to be.
        var last = -1;
        foreach (var message in sent)
        {
            var place = Array.IndexOf(messages, message, last + 1);
            if (place < 0)
            {
                return false;
            }

            last = place;
        }

        return last == messages.Length - 1;
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values.Count == 0 ? 0 : values[values.Count / 2];
    }
}
