using FsCheck;
using FsCheck.Fluent;
using LlmThrift.Embeddings.Pairs;
using Xunit;

namespace LlmThrift.Embeddings.Tests.Pairs;

public sealed class PairSpellingTests
{
    [Fact]
    public void Compare_of_the_same_words_finds_all_in_common()
    {
        var features = Compare("Is Vienna far from Graz?", "is  Vienna, far from Graz");

        Assert.Equal([1, 1, 0, 0], features);
    }

    [Fact]
    public void Compare_of_other_names_tells_how_many_differ()
    {
        var features = Compare("How far is Vienna from Graz?", "How far is Vienna from Linz?");

        Assert.InRange(features[0], 0.4f, 0.9f);
        Assert.Equal([1f / 3, 2, 0], features[1..]);
    }

    [Fact]
    public void Compare_of_questions_without_a_name_in_common_says_so() =>
        Assert.Equal([0, 2, 1], Compare("How far is Graz?", "How far is Linz?")[1..]);

    [Fact]
    public void First_word_and_single_letters_are_no_names() => Assert.Equal([0.5f, 0, 0], Compare("Can I go?", "May I go?")[1..]);

    [Fact]
    public void Similar_spelling_shares_more_than_other_words() =>
        Assert.True(
            Compare("colour of the harbour", "color of the harbor")[0] > 2 * Compare("colour of the harbour", "length of a bridge")[0]
        );

    [Fact]
    public void Compare_is_the_same_both_ways_and_within_bounds() =>
        Prop.ForAll<NonNull<string>, NonNull<string>>(
                (left, right) =>
                {
                    var features = Compare(left.Get, right.Get);
                    return features.SequenceEqual(Compare(right.Get, left.Get))
                        && features[..2].All(value => value is >= 0 and <= 1)
                        && features[2] <= 32;
                }
            )
            .QuickCheckThrowOnFailure();

    private static float[] Compare(string left, string right)
    {
        var (first, second) = (new PairSpelling(), new PairSpelling());
        first.Read(left);
        second.Read(right);
        var features = new float[PairSpelling.FeatureCount];
        PairSpelling.Compare(first, second, features);
        return features;
    }
}
