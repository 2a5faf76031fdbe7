using LlmThrift.Routing;
using LlmThrift.Vectors;
using Xunit;

namespace LlmThrift.Tests.Routing;

public sealed class GainFitterTests
{
    private const string Short = "xxxxxxxxxxxxxxxxxxxx";
    private const string Long = Short + Short + Short + Short + Short + Short + Short + Short + Short + Short;

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(40)]
    public void System_is_solved_with_the_diagonal_of_its_inverse_and_its_determinant(int n)
    {
        var random = new Random(n);
        var factor = Enumerable.Range(0, n * n).Select(_ => random.NextDouble() - 0.5).ToArray();
        var kernel = new double[n * n];
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j < n; j++)
            {
                kernel[(i * n) + j] = Enumerable.Range(0, n).Sum(k => factor[(i * n) + k] * factor[(j * n) + k]);
            }
        }

        var target = Enumerable.Range(0, n).Select(_ => random.NextDouble()).ToArray();
        var unit = new double[n];
        unit[0] = 1;
        var (solutions, diagonal, logDeterminant) = SymmetricSystem.Solve(kernel, 0.3, unit, target);
        var solution = solutions[1];
        Assert.Equal(solutions[0][0], diagonal[0], 1e-9);

        for (var i = 0; i < n; i++)
        {
            var row = Enumerable.Range(0, n).Sum(j => (kernel[(i * n) + j] + (i == j ? 0.3 : 0)) * solution[j]);
            Assert.Equal(target[i], row, 1e-9);

            // A column of the inverse is the solution for a unit vector.
            var other = new double[n];
            other[i] = 1;
            Assert.Equal(SymmetricSystem.Solve(kernel, 0.3, other).Solutions[0][i], diagonal[i], 1e-9);
        }

        // The determinant is the product of the eigenvalues.
        var values = SymmetricEigen.Of(kernel, n).Values;
        Assert.Equal(values.Sum(value => Math.Log(value + 0.3)), logDeterminant, 1e-6);
    }

    [Fact]
    public void What_is_left_out_is_foretold_as_a_fit_without_it_does()
    {
        var examples = Examples(40, 3, (x, _) => x[0] > 0 ? 1 : 0);
        var all = GainFitter.To(examples, prior: null);

        // The shares of the choices shift a little with one example less.
        for (var i = 0; i < 5; i++)
        {
            var others = examples.Where((_, j) => j != i).ToList();
            var without = GainFitter.To(others, prior: null).Model.Score(examples[i].Vector, examples[i].Features, 0);
            Assert.Equal(without, all.LeftOut[i], 0.1);
        }
    }

    [Fact]
    public void Gain_that_goes_by_direction_by_length_or_by_the_prior_is_learned()
    {
        foreach (var by in new[] { "direction", "length", "prior" })
        {
            var random = new Random(7);
            var priors = Enumerable.Range(0, 400).Select(_ => random.NextDouble() - 0.5).ToArray();
            var examples = Examples(
                400,
                11,
                (vector, i) =>
                    by switch
                    {
                        "direction" => vector[0] > 0 ? 0.9 : 0.1,
                        "length" => i % 2 == 0 ? 0.9 : 0.1,
                        _ => priors[i] > 0 ? 0.9 : 0.1,
                    }
            );
            var fit = GainFitter.To(examples[..200], priors[..200]);
            var right = 0;
            for (var i = 200; i < 400; i++)
            {
                var score = fit.Model.Score(examples[i].Vector, examples[i].Features, priors[i]);
                var isHigh = by switch
                {
                    "direction" => examples[i].Vector[0] > 0,
                    "length" => i % 2 == 0,
                    _ => priors[i] > 0,
                };
                right += score > 0.4 == isHigh ? 1 : 0;
            }

            Assert.True(right > 150, $"{by}: {right} of 200");
        }
    }

    [Theory]
    [InlineData(Long, Short)]
    [InlineData("Ann has half as many as Bob, who has six more than Eve.", "Which colour do people paint doors in the far south?")]
    public void What_questions_of_more_effort_gain_more_is_found_in_noise(string hard, string easy)
    {
        // They gain 0.3 more, in answers that are right or wrong: half of it is found, or more.
        double found = 0;
        const int Audits = 5;
        for (var seed = 0; seed < Audits; seed++)
        {
            var random = new Random(seed);
            var examples = Examples(400, seed, (_, i) => random.NextDouble() < (i % 2 == 0 ? 0.5 : 0.2) ? 1 : 0)
                .Select((example, i) => example with { Features = FeaturesOf(i % 2 == 0 ? hard : easy) })
                .ToList();
            var model = GainFitter.To(examples, prior: null).Model;
            var (hards, easies) = (examples.Where((_, i) => i % 2 == 0), examples.Where((_, i) => i % 2 == 1));
            found += hards.Average(example => model.Score(example.Vector, example.Features, 0)) / Audits;
            found -= easies.Average(example => model.Score(example.Vector, example.Features, 0)) / Audits;
        }

        Assert.InRange(found, 0.12, 0.33);
    }

    [Fact]
    public void Model_gives_what_the_fit_gave()
    {
        var examples = Examples(60, 5, (x, i) => x[1] > 0 ? 1 : i % 2);
        var model = GainFitter.To(examples, prior: [.. examples.Select((_, i) => i / 60.0)]).Model;
        var copy = new GainModel(
            model.Dimensions,
            model.Anchors.ToArray(),
            model.Weights.ToArray(),
            model.FeatureWeights,
            model.PriorWeight,
            model.Bias
        );

        Assert.Equal(model.Score(examples[3].Vector, examples[3].Features, 0.2), copy.Score(examples[3].Vector, examples[3].Features, 0.2));
        Assert.Equal(0.7, GainModel.OfPrior(8).Score(new float[8], new float[PromptFeatures.Count], 0.7), 6);
    }

    [Fact]
    public void Promise_is_kept_on_new_questions_nearly_always_and_saves_where_it_can()
    {
        var kept = 0;
        double saved = 0;
        const int Trials = 200;
        for (var seed = 0; seed < Trials; seed++)
        {
            var random = new Random(seed);
            var (scores, weak, strong) = Draw(random, 500);
            var threshold = PromisedThreshold.Find(scores, weak, strong, 0.98);
            var (others, othersWeak, othersStrong) = Draw(random, 20_000);
            double quality = 0;
            var calls = 0;
            for (var i = 0; i < others.Length; i++)
            {
                var isStrong = others[i] >= threshold;
                quality += isStrong ? othersStrong[i] : othersWeak[i];
                calls += isStrong ? 1 : 0;
            }

            kept += quality >= 0.98 * othersStrong.Sum() ? 1 : 0;
            saved += 1 - ((double)calls / others.Length);
        }

        Assert.True(kept >= 0.95 * Trials, $"{kept} of {Trials} kept");
        Assert.True(saved / Trials > 0.1, $"{saved / Trials:P1} saved");
    }

    [Fact]
    public void Promise_that_the_data_cannot_support_sends_everything_to_the_strong_model()
    {
        var random = new Random(1);
        double[] scores = [.. Enumerable.Range(0, 500).Select(_ => random.NextDouble())];
        double[] weak = [.. scores.Select(_ => random.Next(2))];
        double[] strong = [.. scores.Select(_ => 1.0)];

        Assert.Equal(double.NegativeInfinity, PromisedThreshold.Find(scores, weak, strong, 0.98));
    }

    [Fact]
    public void Traffic_whose_text_tells_nothing_says_nothing_of_text_that_does()
    {
        // Of one length, without a word that counts.
        var examples = Examples(60, 1, (vector, _) => vector[0] > 0 ? 1 : 0)
            .ConvertAll(example => example with { Features = FeaturesOf("what?") });
        var model = GainFitter.To(examples, null).Model;

        var usual = model.Score(examples[0].Vector, FeaturesOf("what?"), 0);
        var other = model.Score(examples[0].Vector, FeaturesOf(new string('x', 2_000) + " is half as long as Ann"), 0);
        Assert.Equal(usual, other, 0.001);
    }

    [Fact]
    public void Features_count_what_they_say()
    {
        var features = new float[PromptFeatures.Count];
        PromptFeatures.Write("What is 12 + 3,5?\nIt is NOT easy.", features);

        float Feature(string name) => features[Array.IndexOf(PromptFeatures.Names, name)];
        Assert.Equal(MathF.Log(34), Feature("characters"), 0.001);
        Assert.Equal(MathF.Log(3), Feature("numbers"), 0.001);
        Assert.Equal(MathF.Log(2), Feature("lines"), 0.001);
        Assert.Equal(MathF.Log(3), Feature("sentences"), 0.001);
        Assert.Equal((1f, 1f, 0f), (Feature("question mark"), Feature("negation"), Feature("choices")));
        PromptFeatures.Write(
            "Tom has twelve apples, half as many as Ann. Ann walked 1/2 mile in 1.5 hours; if each apple costs more, the apples of Ann cost them $3.",
            features
        );
        foreach (
            var (name, count) in new[]
            {
                ("number words", 2),
                ("fractions", 2),
                ("comparisons", 1),
                ("equal measures", 1),
                ("rates", 1),
                ("times", 1),
                ("conditions", 1),
                ("pronouns", 1),
                ("names", 2),
                ("repeated words", 0),
                ("past tense", 1),
                ("commas", 2),
            }
        )
        {
            Assert.Equal((name, MathF.Log(1 + count)), (name, Feature(name)));
        }

        Assert.Equal((1f, 2f), (Feature("decimals"), Feature("numbers per sentence")));
        PromptFeatures.Write("apple APPLE Apple", features);
        Assert.Equal((MathF.Log(2), MathF.Log(2)), (Feature("repeated words"), Feature("names")));
        PromptFeatures.Write("", features);
        Assert.All(features, feature => Assert.True(float.IsFinite(feature)));
    }

    [Fact]
    public void Prior_comes_with_the_package()
    {
        Assert.Equal(384, GainPrior.Shipped.Dimensions);
        Assert.All(GainPrior.Shipped.Curvatures, curvature => Assert.NotEqual(0, curvature));
        for (var k = 0; k < GainPrior.Rank; k++)
        {
            var direction = GainPrior.Shipped.Directions.AsSpan(k * 384, 384);
            Assert.Equal(1, UnitVectors.Dot(direction, direction), 1e-5);
        }
    }

    [Fact]
    public void Prior_learns_what_goes_by_products_of_dimensions()
    {
        var examples = Examples(300, 2, (vector, _) => 0.5 + (0.3 * vector[0] * vector[1]) - (0.2 * vector[2] * vector[2]));
        var prior = GainPriorFitter.To(examples[..200], 1e-6);

        // What is known of length is not fitted: it is the same in each fit, and here 0.015 for every other question.
        Assert.All(examples[200..], example => Assert.Equal(example.Gain, prior.Of(example.Vector, example.Features), 0.03));
        var shorts = examples[200..].Where((_, i) => i % 2 == 1).ToList();
        var offset = shorts.Average(example => prior.Of(example.Vector, example.Features) - example.Gain);
        Assert.All(shorts, example => Assert.Equal(example.Gain + offset, prior.Of(example.Vector, example.Features), 1e-3));
    }

    [Fact]
    public void Eigenvectors_are_turned_only_in_length()
    {
        const int N = 12;
        var random = new Random(4);
        var matrix = new double[N * N];
        for (var i = 0; i < N; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                matrix[(i * N) + j] = matrix[(j * N) + i] = random.NextDouble() - 0.5;
            }
        }

        var (values, vectors) = SymmetricEigen.Of((double[])matrix.Clone(), N);
        for (var k = 0; k < N; k++)
        {
            var vector = vectors.AsSpan(k * N, N).ToArray();
            Assert.Equal(1, vector.Sum(x => x * x), 1e-9);
            for (var i = 0; i < N; i++)
            {
                Assert.Equal(values[k] * vector[i], Enumerable.Range(0, N).Sum(j => matrix[(i * N) + j] * vector[j]), 1e-9);
            }
        }
    }

    /// <summary>The score tells the weak model's chance; the strong one knows more.</summary>
    private static (double[] Scores, double[] Weak, double[] Strong) Draw(Random random, int count)
    {
        var (scores, weak, strong) = (new double[count], new double[count], new double[count]);
        for (var i = 0; i < count; i++)
        {
            scores[i] = random.NextDouble();
            weak[i] = random.NextDouble() < 0.97 - (0.5 * scores[i]) ? 1 : 0;
            strong[i] = random.NextDouble() < 0.95 ? 1 : 0;
        }

        return (scores, weak, strong);
    }

    private static float[] FeaturesOf(string text)
    {
        var features = new float[PromptFeatures.Count];
        PromptFeatures.Write(text, features);
        return features;
    }

    /// <summary>Every other question is long.</summary>
    private static List<GainExample> Examples(int count, int seed, Func<float[], int, double> gain)
    {
        var random = new Random(seed);
        var examples = new List<GainExample>();
        for (var i = 0; i < count; i++)
        {
            var vector = Enumerable.Range(0, 8).Select(_ => (float)(random.NextDouble() - 0.5)).ToArray();
            var length = MathF.Sqrt(vector.Sum(x => x * x));
            vector = Array.ConvertAll(vector, x => x / length);
            examples.Add(new GainExample(vector, FeaturesOf(i % 2 == 0 ? Long : Short), 0, gain(vector, i)));
        }

        return examples;
    }
}
