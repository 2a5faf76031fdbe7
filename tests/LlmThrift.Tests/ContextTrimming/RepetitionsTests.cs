using System.Globalization;
using LlmThrift.ContextTrimming;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Tests.ContextTrimming;

public sealed class RepetitionsTests
{
    private static readonly string Document = string.Join('\n', Enumerable.Range(1, 40).Select(i => $"Clause {i} of the contract."));

    [Fact]
    public void Text_that_is_there_already_becomes_a_reference()
    {
        var sent = Replace(new ChatMessage(ChatRole.User, Document), new ChatMessage(ChatRole.User, Document));

        Assert.Equal(Document, sent[0].Text);
        Assert.Equal("[The same text as before, beginning with \"Clause 1 of the contract.\".]", sent[1].Text);
    }

    [Fact]
    public void Text_that_differs_in_a_line_becomes_a_reference_with_that_line()
    {
        var changed = Document.Replace("Clause 7 of", "Clause 7, as amended, of", StringComparison.Ordinal);

        var sent = Replace(new ChatMessage(ChatRole.User, Document), Result(changed));

        Assert.Equal(
            "[The same text as before, beginning with \"Clause 1 of the contract.\", but for these lines:]\n"
                + "@@ 7 @@\n-Clause 7 of the contract.\n+Clause 7, as amended, of the contract.",
            Assert.IsType<FunctionResultContent>(sent[1].Contents[0]).Result
        );
    }

    [Fact]
    public void Question_stays_as_it_is_and_what_came_before_it_refers_to_it()
    {
        ChatMessage[] messages = [new(ChatRole.User, Document), new(ChatRole.Assistant, "Read."), new(ChatRole.User, Document)];
        ChatMessage?[] sent = [.. messages];

        Assert.True(Repetitions.Replace(BlockBuilder.Build(messages), sent));

        Assert.Same(messages[2], sent[2]);
        Assert.StartsWith("[The same text as in a later message", sent[0]!.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Texts_that_have_little_in_common_stay()
    {
        var other = string.Join('\n', Enumerable.Range(1, 40).Select(i => i < 15 ? $"Clause {i} of the contract." : $"Annex {i}: prices."));

        var sent = Replace(new ChatMessage(ChatRole.User, Document), new ChatMessage(ChatRole.User, other));

        Assert.Equal(other, sent[1].Text);
    }

    [Fact]
    public void Json_in_one_line_is_compared_by_its_members()
    {
        var rows = Enumerable.Range(0, 40).Select(i => $"{{\"id\":{i},\"state\":\"open\"}}");
        var before = $"[{string.Join(',', rows)}]";
        var after = before.Replace("{\"id\":9,\"state\":\"open\"}", "{\"id\":9,\"state\":\"closed\"}", StringComparison.Ordinal);

        var sent = Replace(Result(before), Result(after));

        var reference = Assert.IsType<string>(Assert.IsType<FunctionResultContent>(sent[1].Contents[0]).Result);
        Assert.Contains("closed", reference, StringComparison.Ordinal);
        Assert.True(reference.Length < after.Length / 3);
    }

    [Fact]
    public void Nothing_is_lost_by_telling_a_text_by_its_differences()
    {
        var described = 0;
        for (var seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            var other = Enumerable.Range(0, random.Next(1, 30)).Select(_ => $"line {random.Next(12)}\n").ToList();
            var text = other.ToList();
            for (var change = random.Next(6); change > 0; change--)
            {
                var place = random.Next(text.Count + 1);
                if (random.Next(2) == 0 || place == text.Count)
                {
                    text.Insert(place, $"new {random.Next(5)}\n");
                }
                else
                {
                    text.RemoveAt(place);
                }
            }

            var description = TextDifference.Describe([.. other], [.. text], limit: 10_000);

            Assert.Equal(string.Concat(text), string.Concat(Apply(other, description!)));
            described += description!.Length > 0 ? 1 : 0;
        }

        Assert.True(described > 300);
    }

    [Fact]
    public void Pieces_of_a_text_are_the_text()
    {
        foreach (var text in new[] { Document, "", "One. Two! Three?", "一。二！三", "[1,2,{\"a\":3}]", "a\n\nb", "3.5 million. Yes." })
        {
            Assert.Equal(text, string.Concat(TextDifference.Split(text)!));
        }
    }

    private static ChatMessage Result(string text) => new(ChatRole.Tool, [new FunctionResultContent("call 1", text)]);

    private static ChatMessage[] Replace(ChatMessage first, ChatMessage second)
    {
        ChatMessage[] messages = [first, second, new(ChatRole.User, "Well?")];
        ChatMessage?[] sent = [.. messages];
        Repetitions.Replace(BlockBuilder.Build(messages), sent);
        Assert.DoesNotContain(null, sent);
        return [.. sent.OfType<ChatMessage>()];
    }

    /// <summary>What a reader does: takes away and puts in, at the places of the other text.</summary>
    private static List<string> Apply(List<string> other, string description)
    {
        var text = new List<string>();
        var read = 0;
        foreach (var line in description.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith("@@ ", StringComparison.Ordinal))
            {
                var place = int.Parse(line[3..^3], CultureInfo.InvariantCulture) - 1;
                text.AddRange(other[read..place]);
                read = place;
            }
            else if (line[0] == '-')
            {
                Assert.Equal(other[read++].TrimEnd(), line[1..]);
            }
            else
            {
                text.Add(line[1..] + "\n");
            }
        }

        text.AddRange(other[read..]);
        return text;
    }
}
