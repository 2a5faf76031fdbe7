using LlmThrift.ContextTrimming;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Tests.ContextTrimming;

public sealed class BlockBuilderTests
{
    [Fact]
    public void Call_of_a_tool_and_its_results_are_one_block_whatever_lies_between()
    {
        var blocks = BlockBuilder.Build([
            new(ChatRole.User, "question"),
            new(ChatRole.Assistant, [new FunctionCallContent("1", "a"), new FunctionCallContent("2", "b")]),
            new(ChatRole.Tool, [new FunctionResultContent("2", "two")]),
            new(ChatRole.Assistant, "one moment"),
            new(ChatRole.Tool, [new FunctionResultContent("1", "one")]),
            new(ChatRole.User, "thanks"),
        ]);

        Assert.Equal(
            [
                [0],
                [1, 2, 4],
                [3],
                [5],
            ],
            blocks.Select(block => block.Messages.ToArray())
        );
    }

    [Fact]
    public void Id_that_comes_back_is_that_of_the_last_call()
    {
        var blocks = BlockBuilder.Build([
            new(ChatRole.Assistant, [new FunctionCallContent("1", "a")]),
            new(ChatRole.Tool, [new FunctionResultContent("1", "x")]),
            new(ChatRole.Assistant, [new FunctionCallContent("1", "a")]),
            new(ChatRole.Tool, [new FunctionResultContent("1", "y")]),
        ]);

        Assert.Equal(
            [
                [0, 1],
                [2, 3],
            ],
            blocks.Select(block => block.Messages.ToArray())
        );
    }

    [Fact]
    public void Instructions_the_question_and_the_end_are_pinned()
    {
        var blocks = BlockBuilder.Build([
            new(ChatRole.System, "be brief"),
            new(ChatRole.User, "old"),
            new(ChatRole.Assistant, "answer"),
            new(new ChatRole("developer"), "be polite"),
            new(ChatRole.User, "question"),
            new(ChatRole.Assistant, [new FunctionCallContent("1", "a")]),
            new(ChatRole.Tool, [new FunctionResultContent("1", "x")]),
            new(ChatRole.Assistant, [new FunctionCallContent("2", "a")]),
            new(ChatRole.Tool, [new FunctionResultContent("2", "y")]),
        ]);

        Assert.Equal([0, 3, 4, 7], blocks.Where(block => block.IsPinned).Select(block => block.FirstMessage));
    }
}
