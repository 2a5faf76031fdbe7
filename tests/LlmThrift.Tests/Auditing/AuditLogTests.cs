using LlmThrift.Auditing;
using LlmThrift.TestKit;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Tests.Auditing;

public sealed class AuditLogTests
{
    private readonly string _path = Path.Combine(Directory.CreateTempSubdirectory().FullName, "requests.jsonl");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Requests_are_read_as_they_were_written(bool isStreaming)
    {
        using var provider = ScriptedChatClient.Echo();
        using var client = provider.AsBuilder().UseAuditLog(_path).Build();
        ChatMessage[] messages =
        [
            new(ChatRole.User, "Hi"),
            new(ChatRole.Assistant, "Hello"),
            new(ChatRole.User, "When do you \"open\"?\n"),
        ];
        var options = new ChatOptions { Instructions = "Be brief." }
            .WithFeature("faq")
            .WithTenant("acme");

        _ = isStreaming
            ? await client.GetStreamingResponseAsync(messages, options).ToChatResponseAsync()
            : await client.GetResponseAsync(messages, options);
        await client.GetService<AuditLogState>()!.WhenIdleAsync();

        var read = Assert.Single(AuditLog.Read(_path));
        Assert.Equal(("faq", "acme", messages[2].Text), (read.Feature, read.Tenant, read.Question));
        Assert.Equal(["system", "user", "assistant", "user"], read.Messages.Select(message => message.Role.Value));
        Assert.NotEmpty(read.Id);
    }

    [Fact]
    public async Task Requests_with_pictures_or_tool_calls_are_left_out()
    {
        using var provider = ScriptedChatClient.Echo();
        using var client = provider.AsBuilder().UseAuditLog(_path).Build();

        await client.GetResponseAsync([new ChatMessage(ChatRole.User, [new TextContent("?"), new DataContent(new byte[4], "image/png")])]);
        await client.GetResponseAsync([new ChatMessage(ChatRole.Assistant, [new FunctionCallContent("1", "f")]), new(ChatRole.User, "?")]);
        await client.GetService<AuditLogState>()!.WhenIdleAsync();

        Assert.False(File.Exists(_path));
    }

    [Fact]
    public async Task Share_is_drawn_and_the_file_stays_within_its_size()
    {
        using var provider = ScriptedChatClient.Echo();
        using var client = provider
            .AsBuilder()
            .UseAuditLog(
                _path,
                o =>
                {
                    o.Share = 0.5;
                    o.MaxBytes = 2_000;
                }
            )
            .Build();

        for (var i = 0; i < 30; i++)
        {
            await client.GetResponseAsync($"question {i}");
        }

        var state = client.GetService<AuditLogState>()!;
        await state.WhenIdleAsync();
        Assert.InRange(AuditLog.Read(_path).Count(), 5, 25);
        for (var i = 0; i < 100; i++)
        {
            await client.GetResponseAsync($"question {i}");
        }

        await state.WhenIdleAsync();
        Assert.InRange(new FileInfo(_path).Length, 1_000, 2_000);
    }

    [Fact]
    public async Task File_that_cannot_be_written_fails_no_call()
    {
        using var provider = ScriptedChatClient.Echo();
        using var client = provider.AsBuilder().UseAuditLog(Path.Combine(_path, "in", "a", "file", "that", "is", "none")).Build();

        Assert.NotEmpty((await client.GetResponseAsync("question")).Text);
        await client.GetService<AuditLogState>()!.WhenIdleAsync();
    }

    [Theory]
    [InlineData("{\"prompt\":\"a\"}\n\n{\"prompt\":\"b\",\"feature\":\"f\",\"id\":\"x\"}", 2, null)]
    [InlineData("{\"prompt\":\"a\"}\nrubbish", 0, "line 2")]
    [InlineData("{\"text\":\"a\"}", 0, "line 1")]
    [InlineData("{\"messages\":[{\"role\":\"assistant\",\"content\":\"a\"}]}", 0, "no message of the user")]
    [InlineData("[]", 0, "line 1")]
    public void Log_is_read_or_the_line_is_named(string content, int count, string? problem)
    {
        File.WriteAllText(_path, content);

        if (problem is null)
        {
            var read = AuditLog.Read(_path).ToList();
            Assert.Equal(count, read.Count);
            Assert.Equal(("line-1", "x", "f"), (read[0].Id, read[1].Id, read[1].Feature));
        }
        else
        {
            Assert.Contains(
                problem,
                Assert.Throws<InvalidDataException>(() => AuditLog.Read(_path).ToList()).Message,
                StringComparison.Ordinal
            );
        }
    }
}
