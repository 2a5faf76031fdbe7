using LlmThrift.Routing;
using Xunit;

namespace LlmThrift.Tests.Routing;

public sealed class TaskTypeTests
{
    [Theory]
    [InlineData("What are your business hours?", TaskType.Faq)]
    [InlineData("営業時間は何時ですか?", TaskType.Faq)]
    [InlineData("Extract the name, date and total from this invoice.", TaskType.Extraction)]
    [InlineData("Is the sentiment of this review positive or negative?", TaskType.Classification)]
    [InlineData("Draft a polite reply to this customer.", TaskType.Drafting)]
    [InlineData("Why does this Python function throw?\n```\ndef f(x):\n  return x[0]\n```", TaskType.Code)]
    [InlineData("Summarize the following text in three sentences.", TaskType.Summary)]
    [InlineData("If Tom has 3 apples and buys 4 more for 2 dollars each, how much did he spend?", TaskType.Reasoning)]
    [InlineData("Prove that the square root of two is irrational.", TaskType.Reasoning)]
    [InlineData("Write a poem about rain.", TaskType.Creative)]
    [InlineData("Thanks.", TaskType.Other)]
    [InlineData("", TaskType.Other)]
    public void Kind_of_work_is_told_by_wording(string question, TaskType expected)
    {
        Assert.Equal(expected, TaskTypes.Of(question));
    }

    [Fact]
    public void Document_in_the_middle_says_nothing_about_what_is_asked()
    {
        var document = string.Join(' ', Enumerable.Repeat("A poem is a story in verse.", 200));

        Assert.Equal(
            TaskType.Summary,
            TaskTypes.Of($"Summarize this article.\n{new string('-', 400)}\n{document}\n{new string('-', 400)}\nThank you.")
        );
        Assert.Equal(TaskType.Other, TaskTypes.Of($"Here it is.\n{new string('-', 400)}\n{document}\n{new string('-', 400)}\nThank you."));
    }

    [Theory]
    [InlineData("Wann haben Sie geöffnet?", "en", true)]
    [InlineData("Когда вы открыты?", "en", false)]
    [InlineData("Когда вы открыты?", "uk", true)]
    [InlineData("営業時間は何時ですか", "ja", true)]
    [InlineData("営業時間は何時ですか", "zh", false)]
    [InlineData("营业时间是几点", "zh-CN", true)]
    [InlineData("iPhoneの使い方を教えてください", "ja", true)]
    [InlineData("12345", "en", true)]
    public void Language_is_told_by_script(string text, string language, bool expected)
    {
        Assert.Equal(expected, Scripts.MayBeIn(text, [language]));
    }
}
