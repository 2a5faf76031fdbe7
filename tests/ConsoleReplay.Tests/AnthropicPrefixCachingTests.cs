using System.Text.Json;
using Anthropic;
using Anthropic.Models.Messages;
using LlmThrift.Metering;
using LlmThrift.Pricing;
using Microsoft.Extensions.AI;
using Xunit;

namespace ConsoleReplay.Tests;

/// <summary>Prefix caching with the vendor's own package, against a server of this machine that speaks its wire format.</summary>
public sealed class AnthropicPrefixCachingTests
{
    private static readonly string LongPrompt = string.Concat(Enumerable.Repeat("You answer questions about the shop. ", 400));

    /// <summary>USD per million tokens: reads at a tenth, writes at five quarters of the input.</summary>
    private static readonly ModelPrice Price = new()
    {
        Input = 4,
        CachedInput = 0.4m,
        CacheWrite = 5,
        Output = 20,
    };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Breakpoints_arrive_exactly_where_intended(bool isStreaming)
    {
        await using var server = new LoopbackServer(_ => Reply(isStreaming, 10, 0, 0));
        using var client = Client(server);
        ChatMessage[] conversation =
        [
            new(ChatRole.System, LongPrompt),
            new(ChatRole.User, "Hi"),
            new(ChatRole.Assistant, "Hello"),
            new(ChatRole.User, [new TextContent("This is the page:"), new TextContent("When do you open?")]),
        ];
        var options = new ChatOptions { Tools = [AIFunctionFactory.Create(() => 1, "zebra"), AIFunctionFactory.Create(() => 1, "apple")] };

        await AskAsync(client, isStreaming, conversation, options);

        var body = server.Requests.Single();
        Assert.Equal(["system[0]", "messages[1].content[0]"], Breakpoints(body));
        Assert.Equal(["apple", "zebra"], body.GetProperty("tools").EnumerateArray().Select(tool => tool.GetProperty("name").GetString()!));
        Assert.Equal("ephemeral", body.GetProperty("system")[0].GetProperty("cache_control").GetProperty("type").GetString());
        Assert.All(conversation.SelectMany(message => message.Contents), content => Assert.Null(content.AdditionalProperties));
    }

    [Fact]
    public async Task Breakpoints_in_a_loop_of_tools_arrive_at_the_last_result()
    {
        await using var server = new LoopbackServer(_ => Reply(isStreaming: false, 10, 0, 0));
        using var client = Client(server);

        await client.GetResponseAsync(
            [
                new(ChatRole.User, "When do you open?"),
                new(
                    ChatRole.Assistant,
                    [new FunctionCallContent("call-1", "hours", new Dictionary<string, object?> { ["day"] = "Monday" })]
                ),
                new(ChatRole.Tool, [new FunctionResultContent("call-1", "9 to 5")]),
            ],
            new ChatOptions { Instructions = LongPrompt, Tools = [AIFunctionFactory.Create((string day) => day, "hours")] }
        );

        Assert.Equal(["system[0]", "messages[2].content[0]"], Breakpoints(server.Requests.Single()));
    }

    /// <summary>Anthropic counts input without reads and writes; the record has all of it, each class at its price, and the parts add up.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Reads_and_writes_come_back_into_the_record(bool isStreaming)
    {
        var calls = 0;
        await using var server = new LoopbackServer(_ =>
            ++calls == 1 ? Reply(isStreaming, 20, 2_000, 0) : Reply(isStreaming, 20, 100, 2_000)
        );
        using var client = Client(server);
        ChatMessage[] messages = [new(ChatRole.System, LongPrompt), new(ChatRole.User, "When do you open?")];

        var write = await RecordAsync(client, isStreaming, messages);
        var read = await RecordAsync(client, isStreaming, messages);

        Assert.Equal((2_020, 0, 2_000, 7), Tokens(write.BilledUsage));
        Assert.Equal((2_120, 2_000, 100, 7), Tokens(read.BilledUsage));
        Assert.Equal(((20 * 4m) + (2_000 * 5m) + (7 * 20m)) / 1_000_000m, write.ActualCost);
        Assert.Equal(((20 * 4m) + (100 * 5m) + (2_000 * 0.4m) + (7 * 20m)) / 1_000_000m, read.ActualCost);
        Assert.Equal(((2_020 * 4m) + (7 * 20m)) / 1_000_000m, write.BaselineCost);
        Assert.Equal(((2_120 * 4m) + (7 * 20m)) / 1_000_000m, read.BaselineCost);
        Assert.Equal([new StageSaving("provider_cache", -2_000 * 1m / 1_000_000m)], write.SavingByStage);
        Assert.Equal([new StageSaving("provider_cache", ((2_000 * 3.6m) - (100 * 1m)) / 1_000_000m)], read.SavingByStage);
        Assert.False(write.IsEstimated);
        Assert.All(
            [write, read],
            record => Assert.Equal(record.BaselineCost - record.ActualCost, record.SavingByStage.Sum(part => part.Saving))
        );
    }

    [Fact]
    public async Task Prompt_whose_prefix_never_comes_again_is_marked_no_more()
    {
        await using var server = new LoopbackServer(_ => Reply(isStreaming: false, 10, 0, 0));
        var clock = new LaterClock();
        using var client = Client(server, clock);

        for (var i = 0; i < 6; i++)
        {
            await client.GetResponseAsync([new(ChatRole.System, $"Page {i}. {LongPrompt}"), new(ChatRole.User, "Summarize.")]);
            clock.Now += TimeSpan.FromMinutes(6);
        }

        Assert.Equal([1, 1, 1, 0, 0, 0], server.Requests.Select(body => Breakpoints(body).Count));
    }

    private static IChatClient Client(LoopbackServer server, TimeProvider? clock = null) =>
        new AnthropicClient { ApiKey = "key", BaseUrl = server.Endpoint.GetLeftPart(UriPartial.Authority) }
            .AsIChatClient("claude-sonnet-4-5")
            .AsBuilder()
            .UseCostControls(o =>
            {
                o.UseExactCache = false;
                o.UsePrefixCaching = true;
                o.PrefixCaching.MarkBreakpoint = content => content.WithCacheControl(Ttl.Ttl5m);
                o.Metering.Prices = PriceBook.Empty.With("claude-sonnet-4-5", Price);
            })
            .Build(new OneService(clock ?? TimeProvider.System));

    private static Task<ChatResponse> AskAsync(IChatClient client, bool isStreaming, ChatMessage[] messages, ChatOptions? options = null) =>
        isStreaming
            ? client.GetStreamingResponseAsync(messages, options).ToChatResponseAsync()
            : client.GetResponseAsync(messages, options);

    private static async Task<CallRecord> RecordAsync(IChatClient client, bool isStreaming, ChatMessage[] messages)
    {
        if (!isStreaming)
        {
            return (await client.GetResponseAsync(messages)).GetCallRecord()!;
        }

        CallRecord? record = null;
        await foreach (var update in client.GetStreamingResponseAsync(messages))
        {
            record = update.GetCallRecord() ?? record;
        }

        return record!;
    }

    private static (long Input, long Cached, long Written, long Output) Tokens(TokenUsage usage) =>
        (usage.InputTokens, usage.CachedInputTokens, usage.CacheWriteTokens, usage.OutputTokens);

    /// <summary>The paths of all blocks with a breakpoint, in the order in which Anthropic reads a request.</summary>
    private static List<string> Breakpoints(JsonElement body)
    {
        List<string> paths = [];
        foreach (var part in new[] { "tools", "system", "messages" })
        {
            if (body.TryGetProperty(part, out var value))
            {
                Find(value, part);
            }
        }

        return paths;

        void Find(JsonElement element, string path)
        {
            if (element.ValueKind == JsonValueKind.Array)
            {
                foreach (var (index, item) in element.EnumerateArray().Index())
                {
                    Find(item, $"{path}[{index}]");
                }
            }
            else if (element.ValueKind == JsonValueKind.Object)
            {
                foreach (var property in element.EnumerateObject())
                {
                    if (property.NameEquals("cache_control"))
                    {
                        paths.Add(path);
                    }
                    else
                    {
                        Find(property.Value, $"{path}.{property.Name}");
                    }
                }
            }
        }
    }

    private static LoopbackServer.Reply Reply(bool isStreaming, int input, int written, int read)
    {
        var usage =
            $$"""{"input_tokens":{{input}},"cache_creation_input_tokens":{{written}},"cache_read_input_tokens":{{read}},"output_tokens":""";
        const string Head = """{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":""";
        if (!isStreaming)
        {
            return LoopbackServer.Json(
                Head + """[{"type":"text","text":"At nine."}],"stop_reason":"end_turn","stop_sequence":null,"usage":""" + usage + "7}}"
            );
        }

        string[] events =
        [
            """{"type":"message_start","message":""" + Head + """[],"stop_reason":null,"stop_sequence":null,"usage":""" + usage + "1}}}",
            """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""",
            """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"At nine."}}""",
            """{"type":"content_block_stop","index":0}""",
            """{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":7}}""",
            """{"type":"message_stop"}""",
        ];
        var body = string.Concat(
            events.Select(data => $"event: {JsonElement.Parse(data).GetProperty("type").GetString()}\ndata: {data}\n\n")
        );
        return new LoopbackServer.Reply(200, "text/event-stream", body);
    }

    /// <summary>A clock that a test moves.</summary>
    private sealed class LaterClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 9, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }

    private sealed class OneService(TimeProvider clock) : IServiceProvider
    {
        public object? GetService(System.Type serviceType) => serviceType == typeof(TimeProvider) ? clock : null;
    }
}
