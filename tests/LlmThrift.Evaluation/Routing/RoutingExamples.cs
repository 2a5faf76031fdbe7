using LlmThrift.Routing;
using Microsoft.Extensions.AI;

namespace LlmThrift.Evaluation.Routing;

/// <summary>Makes of rows what a scorer learns from.</summary>
internal static class RoutingExamples
{
    public static List<GainExample> Of(IReadOnlyList<RoutingRow> rows, Dictionary<string, float[]> vectors, string weak, string strong)
    {
        var examples = new List<GainExample>(rows.Count);
        foreach (var row in rows)
        {
            var features = new float[PromptFeatures.Count];
            PromptFeatures.Write(row.Prompt, features);
            examples.Add(new GainExample(vectors[row.Prompt], features, row.Quality[weak], row.Quality[strong]));
        }

        return examples;
    }

    /// <summary>A prior fitted to all prompts of the files that have both models; null when none has.</summary>
    public static async Task<GainPrior?> PriorOfAsync(
        FileInfo[] files,
        IEmbeddingGenerator<string, Embedding<float>> generator,
        string weak,
        string strong,
        double lambda,
        CancellationToken cancellation
    )
    {
        var examples = new List<GainExample>();
        foreach (var file in files)
        {
            var rows = RoutingRow.ReadAll(file).FindAll(row => row.Quality.ContainsKey(weak) && row.Quality.ContainsKey(strong));
            if (rows.Count > 0)
            {
                examples.AddRange(
                    Of(rows, await Vectors.EmbedAsync(generator, rows.Select(row => row.Prompt), cancellation), weak, strong)
                );
            }
        }

        return examples.Count == 0 ? null : GainPrior.Fit(examples, lambda);
    }
}
