using LlmThrift.SemanticCache;
using Xunit;

namespace LlmThrift.Tests.SemanticCache.Decision;

public sealed class QuestionTypesTests
{
    [Theory]
    [InlineData("How do I pay?", "How")]
    [InlineData("Please tell me how much it is", "HowMuch")]
    [InlineData("How many are there?", "HowMuch")]
    [InlineData("How long does it take?", "HowLong")]
    [InlineData("How come it failed?", "Why")]
    [InlineData("What time is it?", "When")]
    [InlineData("Why did it fail?", "Why")]
    [InlineData("Who pays?", "Who")]
    [InlineData("Where is it?", "Where")]
    [InlineData("Is it there?", "Other")]
    [InlineData("Warum geht es nicht?", "Why")]
    [InlineData("¿Cuándo llega?", "When")]
    public void Question_words_tell_what_is_asked_for(string question, string type) =>
        Assert.Equal(type, QuestionText.Parse(question).Type.ToString());
}
