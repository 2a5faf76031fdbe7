using System.Text.Json;
using LlmThrift.ContextTrimming;
using Xunit;

namespace LlmThrift.Tests.ContextTrimming;

public sealed class ShortenerTests
{
    [Theory]
    [InlineData(300)]
    [InlineData(60)]
    public void Long_json_stays_json_and_says_what_was_left_out(int maxCharacters)
    {
        var json = JsonSerializer.Serialize(
            new { total = 500, rows = Enumerable.Range(0, 500).Select(i => new { id = i, note = new string('n', 700) }) }
        );

        var shortened = Shortener.Result(json, maxCharacters)!;

        using var document = JsonDocument.Parse(shortened);
        Assert.Equal(500, document.RootElement.GetProperty("total").GetInt32());
        Assert.Contains("items left out", shortened, StringComparison.Ordinal);
        Assert.Contains("\"id\":499", shortened, StringComparison.Ordinal);
        Assert.True(shortened.Length < json.Length / 20);
    }

    [Fact]
    public void Long_text_keeps_its_beginning_and_its_end()
    {
        var log = string.Join('\n', Enumerable.Range(1, 500).Select(i => $"line {i}"));

        var shortened = Shortener.Result(log, 300)!;

        Assert.StartsWith("line 1\nline 2\n", shortened, StringComparison.Ordinal);
        Assert.EndsWith("\nline 500", shortened, StringComparison.Ordinal);
        Assert.Matches(@"\n\[… \d+ lines left out …\]\n", shortened);
        Assert.InRange(shortened.Length, 200, 350);
    }

    [Fact]
    public void Prose_stays_whole_and_code_in_it_is_shortened()
    {
        var prose = string.Join(' ', Enumerable.Repeat("All of this matters.", 100));
        var code = string.Join('\n', Enumerable.Range(1, 300).Select(i => $"var x{i} = {i};"));

        Assert.Null(Shortener.Message(prose, 300));

        var shortened = Shortener.Message($"{prose}\n```csharp\n{code}\n```\nDone.", 300)!;
        Assert.StartsWith(prose + "\n```csharp\nvar x1 = 1;\n", shortened, StringComparison.Ordinal);
        Assert.EndsWith("```\nDone.", shortened, StringComparison.Ordinal);
        Assert.Contains("lines left out", shortened, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("short")]
    [InlineData("{\"a\":[1,2,3]}")]
    public void Short_text_stays_as_it_is(string text) => Assert.Null(Shortener.Result(text, 300));

    [Fact]
    public void Character_of_two_units_is_not_cut_in_two()
    {
        var text = string.Concat(Enumerable.Repeat("😀", 500));

        foreach (var limit in Enumerable.Range(100, 12))
        {
            var shortened = Shortener.Result(text, limit)!;
            Assert.DoesNotContain('\uFFFD', System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(shortened)));
        }
    }
}
