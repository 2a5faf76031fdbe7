using System.Text;
using FsCheck;
using FsCheck.Fluent;
using LlmThrift.Embeddings.Model;
using LlmThrift.Embeddings.Tokenization;
using Xunit;

namespace LlmThrift.Embeddings.Tests;

public sealed class WordPieceTokenizerTests
{
    private static readonly WordPieceTokenizer Tokenizer = MiniLmModel.Shared.Tokenizer;

    [Fact]
    public void Encode_reference_texts_gives_the_tokens_of_the_reference() =>
        Assert.All(Reference.All, reference => Assert.Equal(reference.Ids, Encode(reference.Text)));

    [Theory]
    [InlineData("Größe", new[] { 24665, 2080, 17499 })]
    [InlineData("don't", new[] { 2123, 1005, 1056 })]
    [InlineData("x\td\u2028e", new[] { 1060, 1040, 1041 })]
    [InlineData("a\0b\u200bc\ufffdd", new[] { 5925, 2094 })]
    [InlineData("[SEP] ##ing", new[] { 1031, 19802, 1033, 1001, 1001, 13749 })]
    [InlineData("한", new[] { 1469, 30006, 30021 })]
    [InlineData("\uf900", new[] { 100 })]
    [InlineData("\u037e", new[] { 1025 })]
    [InlineData("ﬁ ①", new[] { 1984, 100 })]
    [InlineData("\t\n \u00a0\u3000", new int[0])]
    public void Encode_unusual_characters_follows_the_normaliser(string text, int[] expected) =>
        Assert.Equal([101, .. expected, 102], Encode(text));

    [Fact]
    public void Encode_word_of_more_than_100_characters_is_one_unknown_token()
    {
        Assert.Equal(50, Encode(new string('a', 100)).Length - 2);
        Assert.Equal([101, 100, 102], Encode(new string('a', 101)));
        Assert.Equal([101, 100, 1037, 102], Encode(new string('é', 1_000_000) + " a"));
    }

    [Theory]
    [InlineData("a\ud83db", "ab")]
    [InlineData("\udc00word", "word")]
    [InlineData("word\ud800", "word")]
    [InlineData("\ud800\ud800", "")]
    public void Encode_lone_surrogates_are_dropped(string text, string same) => Assert.Equal(Encode(same), Encode(text));

    [Fact]
    public void Encode_text_that_just_fits_is_not_truncated()
    {
        var ids = new int[ModelLayout.MaxTokens];
        var fits = string.Concat(Enumerable.Repeat("word ", 254)) + " \u200b ";

        Assert.Equal(256, Tokenizer.Encode(fits, ids, out var truncated));
        Assert.False(truncated);
        Assert.Equal(256, Tokenizer.Encode(fits + ".", ids, out truncated));
        Assert.True(truncated);
        Assert.Equal(ModelLayout.SeparatorId, ids[^1]);
    }

    [Fact]
    public void Encode_long_text_reads_its_beginning()
    {
        var beginning = string.Concat(Enumerable.Repeat("one two ", 200));

        Assert.Equal(Encode(beginning), Encode(beginning + new string('x', 1_000_000)));
    }

    [Fact]
    public void Encode_any_text_gives_known_tokens_between_the_marks()
    {
        // Text of all planes, with surrogates alone and in pairs.
        var character = Gen.OneOf(
            Gen.Choose(0, 0xFFFF).Select(c => ((char)c).ToString()),
            Gen.Choose(0x10000, 0x10FFFF).Select(c => new Rune(c).ToString()),
            Gen.Elements("a", "B", " ", "é", "ing", "##", "日", ".")
        );
        var text = Gen.ArrayOf(character).Select(parts => string.Concat(parts)).ToArbitrary();

        Prop.ForAll(
                text,
                value =>
                {
                    var ids = Encode(value);
                    return ids[0] == 101
                        && ids[^1] == 102
                        && ids[1..^1].All(id => id is ModelLayout.UnknownId or >= ModelLayout.FirstWordId and < ModelLayout.VocabularySize);
                }
            )
            .QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Encode_upper_case_and_composed_accents_make_no_difference()
    {
        var words = Gen.ArrayOf(Gen.Elements("Café", "ZÜRICH", "naïve", "Ångström", "İzmir", "Tiếng", "piñata"));

        Prop.ForAll(
                words.ToArbitrary(),
                value =>
                {
                    var text = string.Join(' ', value);
                    return Encode(text).SequenceEqual(Encode(text.ToUpperInvariant()));
                }
            )
            .QuickCheckThrowOnFailure();
    }

    private static int[] Encode(string text)
    {
        var ids = new int[ModelLayout.MaxTokens];
        return ids[..Tokenizer.Encode(text, ids, out _)];
    }
}
