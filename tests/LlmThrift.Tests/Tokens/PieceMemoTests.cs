using System.Text;
using LlmThrift.Tokens;
using Xunit;

namespace LlmThrift.Tests.Tokens;

/// <summary>Long texts are counted with a memory for pieces; encoding them has none, and must come to the same.</summary>
public sealed class PieceMemoTests
{
    [Theory]
    [InlineData("o200k_base")]
    [InlineData("cl100k_base")]
    public void CountTokens_of_a_long_text_is_the_number_of_tokens_that_encoding_gives(string name)
    {
        var encoding = name == "o200k_base" ? BytePairEncoding.O200kBase : BytePairEncoding.Cl100kBase;
        var random = new Random(11);
        var text = new StringBuilder();

        // Far more different identifiers than the memory has places, each coming back now and then, of all lengths around its limit.
        var identifiers = Enumerable.Range(0, 10_000).Select(_ => Identifier(random)).ToArray();
        while (text.Length < 1_500_000)
        {
            text.Append(identifiers[(int)(identifiers.Length * Math.Pow(random.NextDouble(), 3))])
                .Append(random.Next(4) == 0 ? "\n    " : " ");
        }

        var expected = encoding.Encode(text.ToString()).Length;

        Assert.Equal(expected, encoding.CountTokens(text.ToString()));
        Assert.Equal(expected, encoding.CountTokens(Encoding.UTF8.GetBytes(text.ToString())));
        Assert.Equal(expected, encoding.CountTokens(text.ToString()));
    }

    [Fact]
    public async Task CountTokens_of_many_long_texts_at_once_mixes_nothing_up()
    {
        var random = new Random(5);
        var texts = Enumerable
            .Range(0, 8)
            .Select(_ => string.Join(' ', Enumerable.Range(0, 5_000).Select(_ => Identifier(random))))
            .ToArray();
        var expected = texts.Select(text => BytePairEncoding.O200kBase.Encode(text).Length).ToArray();

        var counts = await Task.WhenAll(
            Enumerable.Range(0, 64).Select(i => Task.Run(() => BytePairEncoding.O200kBase.CountTokens(texts[i % texts.Length])))
        );

        Assert.Equal(Enumerable.Range(0, 64).Select(i => expected[i % expected.Length]), counts);
    }

    private static string Identifier(Random random)
    {
        const string letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_äß漢字🙂0123456789";
        var runes = letters.EnumerateRunes().ToArray();
        return string.Concat(Enumerable.Range(0, random.Next(1, 40)).Select(_ => runes[random.Next(runes.Length)].ToString()));
    }
}
