using FsCheck;
using FsCheck.Fluent;
using LlmThrift.Evaluation.Pairs;
using Xunit;

namespace LlmThrift.Embeddings.Tests.Pairs;

public sealed class PairFoldsTests
{
    [Fact]
    public void Deal_puts_no_question_into_two_folds() =>
        Prop.ForAll(
                Gen.Choose(0, 30).Zip(Gen.Choose(0, 30)).ListOf().ToArbitrary(),
                numbers =>
                {
                    var pairs = numbers.Select(n => new LabelledPair($"q{n.Item1}", $"q{n.Item2}", IsSame: true)).ToList();
                    var folds = PairFolds.Deal(pairs, 5, seed: 1);
                    var foldsOf = pairs.Zip(folds).SelectMany(p => new[] { (p.First.First, p.Second), (p.First.Second, p.Second) });
                    return foldsOf.GroupBy(p => p.Item1, p => p.Item2, StringComparer.Ordinal).All(g => g.Distinct().Count() == 1);
                }
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Deal_by_pair_puts_no_pair_into_two_folds_in_whichever_order_it_comes() =>
        Prop.ForAll(
                Gen.Choose(0, 5).Zip(Gen.Choose(0, 5)).ListOf().ToArbitrary(),
                numbers =>
                {
                    var pairs = numbers.Select(n => new LabelledPair($"q{n.Item1}", $"q{n.Item2}", IsSame: true)).ToList();
                    var folds = PairFolds.Deal(pairs, 5, seed: 1, FoldBy.Pair);
                    return numbers
                        .Zip(folds)
                        .GroupBy(p => (Math.Min(p.First.Item1, p.First.Item2), Math.Max(p.First.Item1, p.First.Item2)), p => p.Second)
                        .All(g => g.Distinct().Count() == 1);
                }
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Deal_uses_all_folds()
    {
        var pairs = Enumerable.Range(0, 200).Select(i => new LabelledPair($"a{i}", $"b{i}", IsSame: false)).ToList();

        Assert.All(Enum.GetValues<FoldBy>(), by => Assert.Equal([0, 1, 2, 3, 4], PairFolds.Deal(pairs, 5, seed: 1, by).Distinct().Order()));
    }
}
