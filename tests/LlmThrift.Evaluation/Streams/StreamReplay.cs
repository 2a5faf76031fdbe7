using System.Globalization;
using LlmThrift.SemanticCache;
using Microsoft.Extensions.AI;

namespace LlmThrift.Evaluation.Streams;

/// <summary>Sends the questions one after another through a pipeline with the semantic cache, as an app would.</summary>
internal static class StreamReplay
{
    public static async Task<StreamResult> RunAsync(
        IntentFile stream,
        IEmbeddingGenerator<string, Embedding<float>> generator,
        Dictionary<string, float[]> vectors,
        double maxErrorRate,
        CancellationToken cancellation
    )
    {
        using var model = new IntentModel();
        using var client = new ChatClientBuilder(model)
            .UseSemanticCache(o =>
            {
                o.EmbeddingGenerator = generator;
                o.MaxErrorRate = maxErrorRate;
                o.AnswerComparer = AnswerComparers.Exact;
                o.EmbeddingTimeout = TimeSpan.FromSeconds(10);
            })
            .Build();
        var manager = client.GetService<SemanticCacheManager>()!;
        int hits = 0,
            falseHits = 0;
        for (var question = 0; question < stream.Texts.Length; question++)
        {
            var answer = stream.Answers[question].ToString(CultureInfo.InvariantCulture);
            var callsBefore = model.Calls;
            model.Answer = answer;
            var response = await client.GetResponseAsync(stream.Texts[question], cancellationToken: cancellation);
            if (model.Calls == callsBefore)
            {
                hits++;
                falseHits += response.Text == answer ? 0 : 1;
            }

            // What was learnt from one question counts for the next: the replay is the same each time.
            await manager.WhenIdleAsync();
            if (question % 100 == 0)
            {
                Progress.Show(
                    string.Create(CultureInfo.InvariantCulture, $"{stream.Name}: {question:N0} of {stream.Texts.Length:N0} questions")
                );
            }
        }

        var best = FixedThresholds.FindBest(
            [.. stream.Texts.Select(text => vectors[text])],
            stream.Answers,
            maxErrorRate,
            share => Progress.Show(string.Create(CultureInfo.InvariantCulture, $"{stream.Name}: fixed thresholds, {share:P0}"))
        );
        Progress.Clear();
        return new StreamResult
        {
            Name = stream.Name,
            Requests = stream.Texts.Length,
            Hits = hits,
            FalseHits = falseHits,
            ModelCalls = model.Calls,
            BestThreshold = best.Threshold,
            BestThresholdHits = best.Hits,
            BestThresholdFalseHits = best.FalseHits,
        };
    }
}
