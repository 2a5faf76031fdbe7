using System.Text;
using LlmThrift.Local.Generation;
using Xunit;

namespace LlmThrift.Local.Tests.Generation;

public sealed class AnswerTextTests
{
    [Theory]
    [InlineData("Grüße, 世界! 👩‍🚀 ende")]
    [InlineData("plain")]
    [InlineData("")]
    public void Characters_whose_bytes_come_one_by_one_come_out_whole(string text)
    {
        var answer = new AnswerText([]);
        var taken = "";
        foreach (var part in Encoding.UTF8.GetBytes(text))
        {
            answer.Add([part]);
            taken += answer.Read(taken.Length, answer.Certain - taken.Length);
            Assert.False(taken.EndsWith('�'));
            Assert.False(taken.Length > 0 && char.IsHighSurrogate(taken[^1]));
        }

        answer.End();
        taken += answer.Read(taken.Length, answer.Certain - taken.Length);

        Assert.Equal(text, taken);
    }

    [Fact]
    public void Bytes_that_are_no_character_are_replaced_at_the_end()
    {
        var answer = new AnswerText([]);
        answer.Add([(byte)'a', 0xE2, 0x82]);

        Assert.Equal(1, answer.Certain);
        answer.End();

        Assert.Equal("a�", answer.Read(0, answer.Certain));
    }

    [Theory]
    [InlineData("one END two", "END", "one ")]
    [InlineData("one EN two", "END", "one EN two")]
    [InlineData("END", "END", "")]
    [InlineData("aaab", "aab", "a")]
    [InlineData("one\n\ntwo", "\n\n", "one")]
    [InlineData("ends with EN", "END", "ends with EN")]
    public void A_text_ends_before_a_stop_sequence_however_it_is_cut_into_tokens(string text, string stop, string expected)
    {
        for (var size = 1; size <= text.Length; size++)
        {
            var answer = new AnswerText([stop]);
            var taken = "";
            foreach (var part in Encoding.UTF8.GetBytes(text).Chunk(size))
            {
                answer.Add(part);
                taken += answer.Read(taken.Length, answer.Certain - taken.Length);
            }

            answer.End();
            taken += answer.Read(taken.Length, answer.Certain - taken.Length);

            Assert.Equal(expected, taken);
            Assert.Equal(expected != text, answer.IsStopped);
        }
    }

    [Fact]
    public void The_stop_sequence_that_begins_first_counts()
    {
        var answer = new AnswerText(["cd", "bcde"]);

        answer.Add("abcdef"u8);

        Assert.True(answer.IsStopped);
        Assert.Equal("a", answer.Read(0, answer.Certain));
    }
}
