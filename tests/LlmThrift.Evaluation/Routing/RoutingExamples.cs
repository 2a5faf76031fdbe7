using LlmThrift.Routing;
using Microsoft.Extensions.AI;

namespace LlmThrift.Evaluation.Routing;

/// <summary>Makes of rows what a scorer learns from.</summary>
internal static class RoutingExamples
{
    private const int Parts = 9;

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

        return examples.Count == 0 ? null : GainPriorFitter.To(examples, lambda);
    }

    /// <summary>Priors for the rows of a file, each from a fit to the other tasks of that file, in <see cref="Parts"/> parts.</summary>
    public static double[] CrossFitted(IReadOnlyList<RoutingRow> rows, IReadOnlyList<GainExample> examples, double lambda)
    {
        string[] tasks = [.. rows.Select(row => row.Task).Distinct(StringComparer.Ordinal)];
        new Random(0).Shuffle(tasks);
        var partOf = tasks.Index().ToDictionary(task => task.Item, task => task.Index % Parts, StringComparer.Ordinal);
        var priors = new double[rows.Count];
        Parallel.For(
            0,
            Math.Min(Parts, tasks.Length),
            part =>
            {
                var others = examples.Where((_, i) => partOf[rows[i].Task] != part).ToList();
                var prior = others.Count == 0 ? null : GainPriorFitter.To(others, lambda);
                for (var i = 0; i < rows.Count; i++)
                {
                    if (partOf[rows[i].Task] == part)
                    {
                        priors[i] = prior?.Of(examples[i].Vector, examples[i].Features) ?? 0;
                    }
                }
            }
        );
        return priors;
    }
}
