using FsCheck;
using FsCheck.Fluent;
using LlmThrift.SemanticCache;
using Xunit;

namespace LlmThrift.Tests.SemanticCache.Decision;

public sealed class QuestionDifferencesTests
{
    private static readonly string[] Words =
    [
        "how",
        "why",
        "do",
        "I",
        "send",
        "receive",
        "money",
        "from",
        "to",
        "before",
        "after",
        "on",
        "off",
        "Anna",
        "bob",
        "3",
        "4",
        "dollars",
        "euros",
        "not",
        "block",
        "unblock",
        "card",
        "phone",
        "monday",
        "friday",
        "cheap",
        "expensive",
        "wie",
        "ich",
        "than",
    ];

    [Theory]
    [InlineData("Number", "Can I pay 20?", "Can I pay 30?")]
    [InlineData("Number", "A table for two", "A table for twelve")]
    [InlineData("Unit", "Is it 20 dollars?", "Is it 20 euros?")]
    [InlineData("Date", "Are you open on Monday?", "Are you open on Friday?")]
    [InlineData("Name", "How do I reach Jon Smith?", "How do I reach John Smith?")]
    [InlineData("Negation", "Can I pay?", "Can't I pay?")]
    [InlineData("Opposite", "Turn on messages on my phone", "Turn off messages on my phone")]
    [InlineData("Opposite", "How do I block it?", "How do I unblock it?")]
    [InlineData("Opposite", "Karte aktivieren", "Karte deaktivieren")]
    [InlineData("Direction", "exchange euros to dollars", "exchange dollars to euros")]
    [InlineData("Direction", "from my savings account to my checking account", "from my checking account to my savings account")]
    [InlineData("Direction", "a bus to the airport", "a bus from the airport")]
    [InlineData("Direction", "Does the buyer pay the seller?", "Does the seller pay the buyer?")]
    [InlineData("Direction", "Is tea better than coffee?", "Is coffee better than tea?")]
    [InlineData("QuestionType", "When does it arrive?", "Why does it arrive?")]
    [InlineData("Language", "How do I get the card?", "Wie bekomme ich die Karte?")]
    public void Difference_is_found_both_ways(string difference, string left, string right)
    {
        var expected = Enum.Parse<QuestionDifference>(difference);
        Assert.True(Between(left, right).HasFlag(expected));
        Assert.True(Between(right, left).HasFlag(expected));
    }

    [Theory]
    [InlineData("How do I cancel the order?", "How can I cancel my orders?")]
    [InlineData("exchange euros to dollars", "exchange to dollars from euros")]
    [InlineData("It costs 1,000 dollars", "It costs $1000")]
    [InlineData("from Paris to London", "to London from Paris")]
    [InlineData("Is it cheaper?", "Is it cheap or expensive?")]
    public void Same_meaning_differs_in_nothing(string left, string right) => Assert.Equal(QuestionDifference.None, Between(left, right));

    [Fact]
    public void Difference_is_the_same_both_ways_round() =>
        Check.QuickThrowOnFailure(Prop.ForAll(Sentences(), Sentences(), (left, right) => Between(left, right) == Between(right, left)));

    [Fact]
    public void Text_does_not_differ_from_itself() =>
        Check.QuickThrowOnFailure(Prop.ForAll(Sentences(), text => Between(text, text) == QuestionDifference.None));

    private static QuestionDifference Between(string left, string right) =>
        QuestionDifferences.Between(QuestionText.Parse(left), QuestionText.Parse(right));

    private static Arbitrary<string> Sentences() => Gen.Elements(Words).ListOf().Select(words => string.Join(' ', words)).ToArbitrary();
}
