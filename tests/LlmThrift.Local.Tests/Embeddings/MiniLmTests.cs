using System.Numerics.Tensors;
using LlmThrift.Embeddings;
using LlmThrift.Local.Tests.Gguf;
using Xunit;

namespace LlmThrift.Local.Tests.Embeddings;

/// <summary>The same weights through llama.cpp and through managed code: tokens, attention, pooling and length must all be right for the vectors to agree.</summary>
public sealed class MiniLmTests
{
    private static readonly string[] Texts =
    [
        "How do I change the PIN of my card?",
        "Where can I change my PIN?",
        "What is the weather like in Hamburg today?",
        "The quick brown fox jumps over the lazy dog.",
        "a",
        "",
        "   \t\n  ",
        "Café Müller, naïve façade: Ångström, coöperation",
        "ÉCOLE NORMALE SUPÉRIEURE",
        "don't can't won't it's",
        "$1,234.56 (20 %) + 7 = ?!... [x] {y} <z> #tag @me a_b a/b\\c ^ ~ ` |",
        "2024-02-29T12:00:00Z",
        "日本語のテキスト and 中文字符 mixed with English",
        "Привет, мир! Как дела?",
        "Γειά σου Κόσμε",
        "مرحبا بالعالم",
        "สวัสดีชาวโลก",
        "👩‍🚀 rockets 🚀 and ☕",
        "antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis",
        "supercalifragilisticexpialidocious",
        "internationalization i18n localisation l10n",
        "public static void Main(string[] args) { Console.WriteLine(\"Hello\"); }",
        "SELECT * FROM orders WHERE total > 100 ORDER BY created_at DESC;",
        "https://example.com/path?query=1&other=two#fragment",
        "john.doe@example.com",
        "The Treaty of Westphalia was signed in 1648, ending the Thirty Years' War.",
        "E = mc² and H₂O; ½ of ¾",
        "“Curly quotes” – and dashes — …",
        "soft\u00ADhyphen zero\u200Bwidth non\u00A0breaking",
        "[CLS] and [SEP] are tokens of BERT, [MASK] too",
        string.Concat(Enumerable.Repeat("The customer asks why the card has not arrived. ", 20)),
        "ﬁne ligatures ﬂow, full-width ＡＢＣ１２３",
    ];

    [NativeFact]
    public async Task Vectors_are_those_of_the_managed_encoder()
    {
        using var directory = new TemporaryDirectory();
        var path = directory.File("minilm.gguf");
        MiniLmFile.Write(path);
        using var managed = new MiniLmEmbeddingGenerator();
        using var local = new LocalEmbeddingGenerator(new LocalEmbeddingOptions { ModelPath = path });

        // Hangul and scripts with spacing marks, such as Devanagari, are left out: llama.cpp does not take syllables apart, and drops marks that BERT keeps.
        var expected = await managed.GenerateAsync(Texts);
        var actual = await local.GenerateAsync(Texts);

        Assert.All(
            Texts.Index(),
            text =>
            {
                var cosine = TensorPrimitives.Dot(expected[text.Index].Vector.Span, actual[text.Index].Vector.Span);
                Assert.True(cosine >= 0.9999, $"{cosine:F6} for \"{text.Item}\"");
            }
        );
        Assert.Equal(expected.Usage!.InputTokenCount, actual.Usage!.InputTokenCount);
    }
}
