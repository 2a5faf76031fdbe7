using LlmThrift.SemanticCache;
using Xunit;

namespace LlmThrift.Tests.SemanticCache.Decision;

public sealed class QuestionTextTests
{
    [Theory]
    [InlineData("1,000", "1000")]
    [InlineData("20.00", "20")]
    [InlineData("v2", "2")]
    [InlineData("3rd", "three")]
    [InlineData("3rd", "third")]
    [InlineData("e-mail", "email")]
    [InlineData("isn't", "isnt")]
    [InlineData("isn’t", "isnt")]
    [InlineData("the company's", "the company")]
    [InlineData("10gb", "10 GB")]
    [InlineData("5 €", "5 euros")]
    [InlineData("C++", "c++")]
    public void Ways_to_write_the_same_give_the_same_words(string one, string other) => Assert.Equal(Hashes(one), Hashes(other));

    [Theory]
    [InlineData("2.1", "2.11")]
    [InlineData("2.1", "2.10")]
    [InlineData("1.000", "1")]
    [InlineData("1.50", "150")]
    [InlineData("C", "C++")]
    [InlineData("C++", "C#")]
    [InlineData("isn't", "is")]
    public void Different_words_stay_different(string one, string other) => Assert.NotEqual(Hashes(one), Hashes(other));

    [Theory]
    [InlineData("card", "cards")]
    [InlineData("stop", "stopped")]
    [InlineData("stop", "stopping")]
    [InlineData("cancel", "cancelled")]
    [InlineData("company", "company's")]
    public void Forms_of_one_word_have_one_stem(string one, string other) =>
        Assert.Equal(QuestionText.Parse(one).Words[0].Stem, QuestionText.Parse(other).Words[0].Stem);

    [Theory]
    [InlineData("")]
    [InlineData("  ?! ")]
    [InlineData("😀")]
    [InlineData("\ud800")]
    public void Text_without_letters_has_no_words(string text)
    {
        var question = QuestionText.Parse(text);

        Assert.Empty(question.Words.ToArray());
        Assert.Equal((QuestionType.Other, 0, false), (question.Type, question.Language, question.IsNegated));
    }

    [Fact]
    public void Characters_of_a_script_without_spaces_are_words() => Assert.Equal(6, QuestionText.Parse("如何打开通知?").Words.Length);

    [Fact]
    public void Very_long_text_is_read_at_its_beginning() =>
        Assert.Equal(96, QuestionText.Parse(string.Join(' ', Enumerable.Repeat("word", 10_000))).Words.Length);

    [Fact]
    public void Very_long_word_is_one_word() => Assert.Equal(1, QuestionText.Parse(new string('a', 100_000)).Words.Length);

    [Theory]
    [InlineData("Can I talk to Maria?", true)]
    [InlineData("Can I talk to you?", false)]
    [InlineData("Maria can talk", false)]
    [InlineData("How To Talk To The Support Of Your Company", false)]
    [InlineData("Wie kann ich meine Karte und mein Konto sperren?", false)]
    public void Capital_makes_a_name_where_nothing_else_explains_it(string text, bool hasName) =>
        Assert.Equal(hasName, QuestionText.Parse(text).Words.ToArray().Any(word => word.Is(WordKinds.Name)));

    [Theory]
    [InlineData("I can not", true)]
    [InlineData("I can't do without", false)]
    [InlineData("ich kann nicht", true)]
    [InlineData("I can", false)]
    public void Two_negations_cancel_out(string text, bool isNegated) => Assert.Equal(isNegated, QuestionText.Parse(text).IsNegated);

    private static uint[] Hashes(string text) => [.. QuestionText.Parse(text).Words.ToArray().Select(word => word.Hash)];
}
