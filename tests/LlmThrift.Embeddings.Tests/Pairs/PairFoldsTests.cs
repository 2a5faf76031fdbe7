using FsCheck;
using FsCheck.Fluent;
using LlmThrift.Evaluation.Pairs;
using Xunit;

namespace LlmThrift.Embeddings.Tests.Pairs;

public sealed class PairFoldsTests
{
    [Fact]
    public void Deal_puts_no_question_into_two_folds() => StayTogether(30, FoldBy.Question, pair => [pair.First, pair.Second]);

    [Fact]
    public void Deal_by_pair_puts_no_pair_into_two_folds_in_whichever_order_it_comes() =>
        StayTogether(5, FoldBy.Pair, pair => [string.Join(' ', new[] { pair.First, pair.Second }.Order(StringComparer.Ordinal))]);

    [Fact]
    public void Deal_uses_all_folds()
    {
        var pairs = Enumerable.Range(0, 200).Select(i => new LabelledPair($"a{i}", $"b{i}", IsSame: false)).ToList();

        Assert.All(Enum.GetValues<FoldBy>(), by => Assert.Equal([0, 1, 2, 3, 4], PairFolds.Deal(pairs, 5, seed: 1, by).Distinct().Order()));
    }

    /// <summary>Pairs of a few questions that have a key in common are in one fold.</summary>
    private static void StayTogether(int lastQuestion, FoldBy by, Func<LabelledPair, string[]> keysOf) =>
        Prop.ForAll(
                Gen.Choose(0, lastQuestion).Zip(Gen.Choose(0, lastQuestion)).ListOf().ToArbitrary(),
                numbers =>
                {
                    var pairs = numbers.Select(n => new LabelledPair($"q{n.Item1}", $"q{n.Item2}", IsSame: true)).ToList();
                    var keyed = pairs
                        .Zip(PairFolds.Deal(pairs, 5, seed: 1, by))
                        .SelectMany(p => keysOf(p.First).Select(key => (Key: key, Fold: p.Second)));
                    return keyed.GroupBy(p => p.Key, p => p.Fold, StringComparer.Ordinal).All(folds => folds.Distinct().Count() == 1);
                }
            )
            .QuickCheckThrowOnFailure();
}
