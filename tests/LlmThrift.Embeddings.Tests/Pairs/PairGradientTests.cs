using LlmThrift.Embeddings.Pairs;
using LlmThrift.Evaluation.Pairs;
using Xunit;

namespace LlmThrift.Embeddings.Tests.Pairs;

public sealed class PairGradientTests
{
    private static readonly TokenTable Table = TokenTable.Create(new int[30522]);
    private static readonly int[] Left = [2129, 2079, 1045, 2689, 2026, 9231, 1029];
    private static readonly int[] Right = [2689, 1996, 9231, 1997, 1037, 4003];

    /// <summary>Dropout is random but seeded: the same seed drops the same, and the loss is a function of the parameters.</summary>
    [Fact]
    public void Add_gives_the_slope_of_the_loss()
    {
        var features = Enumerable.Range(0, PairFeatures.Count).Select(i => MathF.Sin(i)).ToArray();
        var parameters = FitParameters.Initial(3);
        var gradient = new PairGradient(parameters, Table, seed: 5);
        gradient.Add(Left, Right, features, isSame: true);
        double dot = 0,
            difference = 0;
        var places = Enumerable.Range(0, 60).Select(i => i * 271 % FitParameters.Count).Append(FitParameters.LogSharpness);
        foreach (var place in places)
        {
            var slope = (LossAt(place, 1e-2f) - LossAt(place, -1e-2f)) / 2e-2;
            dot += slope * slope;
            difference += Math.Pow(slope - gradient.Gradients[place], 2);
        }

        Assert.InRange(Math.Sqrt(difference / dot), 0, 0.05);

        double LossAt(int place, float step)
        {
            var moved = FitParameters.Initial(3);
            moved[place] += step;
            return new PairGradient(moved, Table, seed: 5).Add(Left, Right, features, isSame: true);
        }
    }
}
