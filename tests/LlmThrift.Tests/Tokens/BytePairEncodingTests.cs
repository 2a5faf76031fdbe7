using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using LlmThrift.Tokens;
using Xunit;

namespace LlmThrift.Tests.Tokens;

public sealed class BytePairEncodingTests
{
    /// <summary>Pieces of text that each rule of the patterns meets, to be strung together at random.</summary>
    private static readonly string[] Fragments =
    [
        "a",
        "B",
        "é",
        "É",
        "ǅ",
        "ʰ",
        "中",
        "の",
        "\u0301",
        "1",
        "٣",
        "Ⅷ",
        " ",
        "  ",
        "\t",
        "\u00A0",
        "\u3000",
        "\r",
        "\n",
        "\r\n",
        "!",
        "/",
        "'",
        "'s",
        "'LL",
        "'ſ",
        "😀",
        "👩‍👩‍👧",
        "\uD800",
        "\uDC00",
        "\u0000",
        "word",
        "Word",
        "camelCase",
        " the",
        "안녕",
        "हिन्दी",
        "<|endoftext|>",
        "//",
        "𐐀",
        "0123456789",
    ];

    private static readonly Arbitrary<string> Texts = Gen.Elements(Fragments).ArrayOf().Select(string.Concat).ToArbitrary();

    public static TheoryData<string> Names => ["o200k_base", "cl100k_base"];

    [Theory]
    [InlineData("o200k_base", "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d")]
    [InlineData("cl100k_base", "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7")]
    public void Vocabulary_written_as_tiktoken_file_has_published_hash(string name, string sha256)
    {
        var vocabulary = EncodingOf(name).Vocabulary;
        var file = new StringBuilder();
        for (var id = 0; id < vocabulary.Count; id++)
        {
            file.Append(CultureInfo.InvariantCulture, $"{Convert.ToBase64String(vocabulary.GetBytes(id))} {id}\n");
        }

        Assert.Equal(sha256, Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(file.ToString()))));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Encode_published_vectors_gives_their_tokens(string name)
    {
        var encoding = EncodingOf(name);
        var vectors = TestPlans.Read(name);
        Assert.True(vectors.Count >= 50);
        foreach (var (sample, tokens) in vectors)
        {
            Assert.Equal(tokens, encoding.Encode(sample));
            Assert.Equal(tokens.Length, encoding.CountTokens(sample));
            Assert.Equal(sample, encoding.Decode(tokens));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Encode_any_text_decodes_to_it_and_counts_its_tokens(string name)
    {
        var encoding = EncodingOf(name);
        Prop.ForAll(
                Texts,
                text =>
                {
                    var tokens = encoding.Encode(text);
                    Assert.Equal(WithReplacements(text), encoding.Decode(tokens));
                    Assert.Equal(tokens.Length, encoding.CountTokens(text));
                    Assert.Equal(tokens.Length, encoding.CountTokens(Encoding.UTF8.GetBytes(text)));
                }
            )
            .QuickCheckThrowOnFailure();
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Encode_text_before_a_lone_space_is_independent_of_what_follows(string name)
    {
        var encoding = EncodingOf(name);
        Prop.ForAll(
                Texts,
                Texts,
                (before, after) =>
                {
                    var (left, right) = (before + "x", " " + after);
                    Assert.Equal([.. encoding.Encode(left), .. encoding.Encode(right)], encoding.Encode(left + right));
                }
            )
            .QuickCheckThrowOnFailure();
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Encode_random_letters_is_what_merging_pair_by_pair_gives(string name)
    {
        var encoding = EncodingOf(name);
        var ranks = Enumerable
            .Range(0, encoding.Vocabulary.Count)
            .ToDictionary(id => Encoding.Latin1.GetString(encoding.Vocabulary.GetBytes(id)), StringComparer.Ordinal);
        var words = Gen.Choose('a', 'e').Select(c => (char)c).ArrayOf().Select(c => new string(c)).ToArbitrary();
        Prop.ForAll(words, word => Assert.Equal(MergePairs(word, ranks), encoding.Encode(word)))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(500));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Encode_token_by_itself_gives_it(string name)
    {
        var encoding = EncodingOf(name);
        foreach (var text in (string[])["hello", " world", "                ", "----------------", "://", "1", "12", "123"])
        {
            Assert.Single(encoding.Encode(text));
        }
    }

    [Theory]
    [InlineData("a")]
    [InlineData("z")]
    [InlineData(" ")]
    [InlineData("\n")]
    [InlineData("!")]
    [InlineData("7")]
    [InlineData("中")]
    [InlineData("😀")]
    [InlineData("\uD83D")]
    [InlineData("\u0301")]
    [InlineData("aB")]
    [InlineData("xq")]
    public void CountTokens_megabyte_of_one_pattern_is_linear(string pattern)
    {
        var text = string.Concat(Enumerable.Repeat(pattern, 1_000_000 / pattern.Length));
        foreach (var encoding in (BytePairEncoding[])[BytePairEncoding.O200kBase, BytePairEncoding.Cl100kBase])
        {
            var tokens = encoding.Encode(text);

            // Anything but linear would run for minutes here, and fail by the runner's time limit.
            Assert.Equal(tokens.Length, encoding.CountTokens(text));
            Assert.Equal(WithReplacements(text), encoding.Decode(tokens));
        }
    }

    [Fact]
    public void CountTokens_lone_surrogates_count_as_replacement_character()
    {
        var encoding = BytePairEncoding.O200kBase;
        Assert.Equal(encoding.Encode("a\uFFFDb\uFFFD"), encoding.Encode("a\uD800b\uDFFF"));
    }

    [Fact]
    public void CountTokens_invalid_utf8_counts_as_replacement_character()
    {
        Assert.Equal(
            BytePairEncoding.O200kBase.CountTokens("a\uFFFDb"),
            BytePairEncoding.O200kBase.CountTokens([(byte)'a', 0xFF, (byte)'b'])
        );
    }

    [Fact]
    public void CountTokens_empty_text_is_zero()
    {
        Assert.Equal(0, BytePairEncoding.O200kBase.CountTokens(""));
        Assert.Equal(0, BytePairEncoding.Cl100kBase.CountTokens(ReadOnlySpan<byte>.Empty));
        Assert.Empty(BytePairEncoding.O200kBase.Encode(""));
    }

    [Fact]
    public void CountTokens_steady_state_allocates_nothing()
    {
        var text = string.Concat(Enumerable.Repeat("Über 1,000 naïve customers' questions;\r\n\tGetResponseAsync(x) ", 1500));
        BytePairEncoding.O200kBase.CountTokens(text);
        BytePairEncoding.O200kBase.CountTokens(text.AsSpan(0, 100));
        var before = GC.GetAllocatedBytesForCurrentThread();
        BytePairEncoding.O200kBase.CountTokens(text);
        BytePairEncoding.O200kBase.CountTokens(text.AsSpan(0, 100));
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public async Task CountTokens_from_many_threads_agree()
    {
        var text = string.Concat(Enumerable.Repeat("Internationalisierungsmöglichkeiten 中文 xyzzyplugh ", 800));
        var expected = BytePairEncoding.Cl100kBase.Encode(text).Length;
        var counts = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => Task.Run(() => BytePairEncoding.Cl100kBase.CountTokens(text))));
        Assert.All(counts, count => Assert.Equal(expected, count));
    }

    [Fact]
    public void Encode_special_spelling_is_ordinary_text()
    {
        var tokens = BytePairEncoding.O200kBase.Encode("<|endoftext|>");
        Assert.DoesNotContain(199999, tokens);
        Assert.Equal(7, tokens.Length);
    }

    [Fact]
    public void EncodeWithSpecialTokens_all_allowed_recognises_each()
    {
        Assert.Equal(
            [100257, 100258, 100259, 100260, 100276],
            BytePairEncoding.Cl100kBase.EncodeWithSpecialTokens(
                string.Concat(BytePairEncoding.Cl100kBase.SpecialTokens.OrderBy(t => t.Value).Select(t => t.Key))
            )
        );
        int[] expected = [.. BytePairEncoding.O200kBase.Encode("a <|x|> "), 199999, .. BytePairEncoding.O200kBase.Encode(" b"), 200018];
        var tokens = BytePairEncoding.O200kBase.EncodeWithSpecialTokens("a <|x|> <|endoftext|> b<|endofprompt|>");
        Assert.Equal(expected, tokens);
        Assert.Equal("a <|x|> <|endoftext|> b<|endofprompt|>", BytePairEncoding.O200kBase.Decode(tokens));
    }

    [Fact]
    public void EncodeWithSpecialTokens_some_allowed_leaves_the_others_as_text()
    {
        var encoding = BytePairEncoding.O200kBase;
        var tokens = encoding.EncodeWithSpecialTokens("<|endofprompt|><|endoftext|>", ["<|endoftext|>"]);
        Assert.Equal([.. encoding.Encode("<|endofprompt|>"), 199999], tokens);
    }

    [Fact]
    public void EncodeWithSpecialTokens_unknown_spelling_throws_and_lists_the_known()
    {
        var exception = Assert.Throws<ArgumentException>(() => BytePairEncoding.O200kBase.EncodeWithSpecialTokens("", ["<|fim_prefix|>"]));
        Assert.Contains("<|endofprompt|>", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(200000)]
    [InlineData(int.MaxValue)]
    public void Decode_unknown_token_throws(int token) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => BytePairEncoding.O200kBase.Decode([token]));

    [Fact]
    public void Decode_half_a_character_gives_replacement_character()
    {
        var tokens = BytePairEncoding.Cl100kBase.Encode("𐐨");
        Assert.True(tokens.Length > 1);
        Assert.Contains('\uFFFD', BytePairEncoding.Cl100kBase.Decode(tokens.AsSpan(0, 1)));
    }

    [Fact]
    public void VocabularySize_is_one_above_the_highest_special_token()
    {
        Assert.Equal(200019, BytePairEncoding.O200kBase.VocabularySize);
        Assert.Equal(100277, BytePairEncoding.Cl100kBase.VocabularySize);
    }

    private static BytePairEncoding EncodingOf(string name) =>
        name == "o200k_base" ? BytePairEncoding.O200kBase : BytePairEncoding.Cl100kBase;

    private static string WithReplacements(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    /// <summary>Byte-pair encoding as it is defined: merge the neighbours of lowest rank, leftmost first, until none can be merged.</summary>
    private static int[] MergePairs(string word, Dictionary<string, int> ranks)
    {
        var parts = word.Select(c => c.ToString()).ToList();
        while (parts.Count > 1)
        {
            var best = Enumerable.Range(0, parts.Count - 1).MinBy(i => ranks.GetValueOrDefault(parts[i] + parts[i + 1], int.MaxValue));
            if (!ranks.ContainsKey(parts[best] + parts[best + 1]))
            {
                break;
            }

            parts[best] += parts[best + 1];
            parts.RemoveAt(best + 1);
        }

        return [.. parts.Select(part => ranks[part])];
    }
}
