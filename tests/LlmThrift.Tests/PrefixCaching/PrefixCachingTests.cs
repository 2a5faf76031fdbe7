using LlmThrift.PrefixCaching;
using LlmThrift.Pricing;
using LlmThrift.TestKit;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Tests.PrefixCaching;

public sealed class PrefixCachingTests
{
    private static readonly string LongPrompt = string.Concat(Enumerable.Repeat("You answer questions about the shop. ", 400));

    private static readonly ModelPrice Price = new()
    {
        Input = 1,
        CachedInput = 0.1m,
        CacheWrite = 1.25m,
        Output = 5,
    };

    private static readonly ScriptedAnswer Answer = new() { ModelId = "m" };

    [Fact]
    public async Task Tools_go_out_by_name_and_hosted_ones_after_them_as_they_came()
    {
        using var provider = new ScriptedChatClient();
        using var client = provider.AsBuilder().UsePrefixCaching().Build();
        AITool[] tools = [new HostedWebSearchTool(), Function("b"), new HostedCodeInterpreterTool(), Function("B"), Function("a")];
        var options = new ChatOptions { Tools = [.. tools] };

        await client.GetResponseAsync("q", options);

        Assert.Equal([tools[3], tools[4], tools[1], tools[0], tools[2]], provider.Requests.Single().Options!.Tools!);
        Assert.Equal(tools, options.Tools);
    }

    [Fact]
    public async Task Tools_stay_in_order_when_told_to()
    {
        using var provider = new ScriptedChatClient();
        using var client = provider.AsBuilder().UsePrefixCaching(o => o.SortTools = false).Build();
        AITool[] tools = [Function("b"), Function("a")];

        await client.GetResponseAsync("q", new ChatOptions { Tools = [.. tools] });

        Assert.Equal(tools, provider.Requests.Single().Options!.Tools!);
    }

    [Fact]
    public async Task Key_tells_tenants_and_features_apart_and_does_not_name_them()
    {
        using var provider = new ScriptedChatClient();
        using var client = provider
            .AsBuilder()
            .UsePrefixCaching(o => o.PromptCacheKey = PrefixCachingOptions.DefaultPromptCacheKey)
            .Build();
        var own = new ChatOptions { AdditionalProperties = new() { ["prompt_cache_key"] = "mine" } };

        await client.GetResponseAsync("q", new ChatOptions().WithTenant("acme").WithFeature("faq"));
        await client.GetResponseAsync("q", new ChatOptions().WithTenant("acme").WithFeature("faq"));
        await client.GetResponseAsync("q", new ChatOptions().WithTenant("apex").WithFeature("faq"));
        await client.GetResponseAsync("q", own.WithTenant("acme"));
        await client.GetResponseAsync("q");

        var keys = provider.Requests.Select(r => r.Options?.AdditionalProperties?["prompt_cache_key"] as string).ToList();
        Assert.Equal(32, keys[0]!.Length);
        Assert.Equal(keys[0], keys[1]);
        Assert.NotEqual(keys[0], keys[2]);
        Assert.Equal("mine", keys[3]);
        Assert.Null(keys[4]);
    }

    [Fact]
    public async Task Key_does_not_change_what_the_exact_cache_finds()
    {
        using var provider = new ScriptedChatClient();
        var calls = 0;
        using var client = provider.WithCostControls(o =>
        {
            o.UsePrefixCaching = true;
            o.PrefixCaching.PromptCacheKey = _ => $"key {calls++}";
        });

        await client.GetResponseAsync("q");
        await client.GetResponseAsync("q");

        Assert.Equal(1, provider.Calls);
    }

    [Fact]
    public async Task Breakpoints_stand_after_the_system_prompt_and_before_the_newest_turn()
    {
        using var provider = new ScriptedChatClient(Answer);
        using var client = Client(provider);
        ChatMessage[] messages =
        [
            new(ChatRole.System, LongPrompt),
            new(ChatRole.User, "Hi"),
            new(ChatRole.Assistant, [new TextContent("Hello"), new TextReasoningContent("…")]),
            new(ChatRole.User, "Opening hours?"),
        ];

        await client.GetResponseAsync(messages);

        Assert.Equal(["0.0", "2.0"], Marks(provider));
        Assert.All(messages.SelectMany(m => m.Contents), content => Assert.Null(content.AdditionalProperties));
    }

    [Fact]
    public async Task Breakpoint_in_a_loop_of_tools_stands_after_the_last_result()
    {
        using var provider = new ScriptedChatClient(Answer);
        using var client = Client(provider);

        await client.GetResponseAsync([
            new(ChatRole.System, LongPrompt),
            new(ChatRole.User, "Hours?"),
            new(ChatRole.Assistant, [new FunctionCallContent("1", "hours")]),
            new(ChatRole.Tool, [new FunctionResultContent("1", "9 to 5")]),
        ]);

        Assert.Equal(["0.0", "3.0"], Marks(provider));
    }

    [Fact]
    public async Task Instructions_are_marked_as_a_system_message()
    {
        using var provider = new ScriptedChatClient(Answer);
        using var client = Client(provider);
        var options = new ChatOptions { Instructions = LongPrompt };

        await client.GetResponseAsync("q", options);

        var (messages, sent, _) = provider.Requests.Single();
        Assert.Equal((ChatRole.System, LongPrompt), (messages[0].Role, messages[0].Text));
        Assert.Null(sent!.Instructions);
        Assert.Equal(["0.0"], Marks(provider));
        Assert.Equal(LongPrompt, options.Instructions);
    }

    [Fact]
    public async Task Nothing_is_marked_that_is_too_short_or_has_no_price_or_was_marked_by_the_app()
    {
        using var provider = new ScriptedChatClient(Answer);
        using var client = Client(provider);
        var marked = new ChatMessage(ChatRole.User, [Mark(new TextContent("mine")), new TextContent("q")]);

        await client.GetResponseAsync([new(ChatRole.System, "Be brief."), new(ChatRole.User, "q")]);
        var unpriced = await client.GetResponseAsync(
            [new(ChatRole.System, LongPrompt), new(ChatRole.User, "q")],
            new ChatOptions { ModelId = "nobody knows" }
        );
        var byApp = await client.GetResponseAsync([new(ChatRole.System, LongPrompt), marked]);

        Assert.Equal(["1.0"], Marks(provider));
        Assert.Contains(unpriced.GetCallRecord()!.Notes, note => note is { Reason: "unpriced", PassedBy: true });
        Assert.Contains(byApp.GetCallRecord()!.Notes, note => note is { Reason: "marked_by_app", PassedBy: true });
    }

    [Fact]
    public async Task Seam_that_throws_leaves_the_request_as_it_was()
    {
        using var provider = new ScriptedChatClient(Answer);
        using var client = Client(provider, o => o.MarkBreakpoint = _ => throw new InvalidOperationException("no"));
        ChatMessage[] messages = [new(ChatRole.System, LongPrompt), new(ChatRole.User, "q")];

        var response = await client.GetResponseAsync(messages);

        Assert.Equal("Hello, world.", response.Text);
        Assert.Equal(messages, provider.Requests.Single().Messages);
    }

    [Fact]
    public async Task Prefix_with_a_time_stamp_is_noted_and_logged_once_without_its_text()
    {
        using var provider = new ScriptedChatClient(Answer);
        var log = new RecordingLoggerFactory();
        using var client = provider
            .AsBuilder()
            .UseCostMeter(o => o.Prices = o.Prices.With("m", Price))
            .UsePrefixCaching(o => o.MarkBreakpoint = Mark)
            .Build(new FewServices().With<Microsoft.Extensions.Logging.ILoggerFactory>(log));
        ChatResponse? last = null;

        for (var i = 0; i < 20; i++)
        {
            last = await client.GetResponseAsync(
                [new(ChatRole.System, $"It is 12:{i}. {LongPrompt}"), new(ChatRole.User, "q")],
                new ChatOptions { ModelId = "m" }.WithFeature("clock")
            );
        }

        Assert.Contains(last!.GetCallRecord()!.Notes, note => note.Reason == "unstable_prefix");
        var warning = Assert.Single(log.Entries, entry => entry.Message.Contains("prompt cache cannot be used", StringComparison.Ordinal));
        Assert.Contains("clock", warning.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("12:", warning.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Cache_further_in_is_reported_as_the_wrong_order()
    {
        var log = new RecordingLoggerFactory();

        using var client = new ScriptedChatClient()
            .AsBuilder()
            .UsePrefixCaching()
            .UseExactCache()
            .Build(new FewServices().With<Microsoft.Extensions.Logging.ILoggerFactory>(log));

        Assert.Contains(
            log.Entries,
            entry => entry.Message.Contains("Call UseExactCache() before UsePrefixCaching()", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Options_bad_values_are_all_named()
    {
        var exception = Assert.Throws<ArgumentException>(() =>
            new ScriptedChatClient().WithCostControls(o =>
            {
                o.PrefixCaching.MaxBreakpoints = 0;
                o.PrefixCaching.MinPrefixTokens = -1;
                o.PrefixCaching.MinPrefixTokensByModel["x"] = -1;
                o.PrefixCaching.Lifetime = TimeSpan.Zero;
                o.PrefixCaching.SetPromptCacheKey = null!;
            })
        );

        Assert.Contains("5 bad values", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("claude-haiku-4-5-20251001", 4_096)]
    [InlineData("claude-3-haiku-20240307", 2_048)]
    [InlineData("claude-opus-4-7", 2_048)]
    [InlineData("claude-opus-4-8", 1_024)]
    [InlineData("claude-opus-5-20260701", 512)]
    [InlineData("claude-sonnet-4-5", 1_024)]
    [InlineData(null, 1_024)]
    public void MinTokensOf_model_is_that_of_its_longest_beginning(string? model, int expected)
    {
        Assert.Equal(expected, new PrefixCachingOptions().MinTokensOf(model));
    }

    private static IChatClient Client(IChatClient provider, Action<PrefixCachingOptions>? configure = null) =>
        provider
            .AsBuilder()
            .UseCostMeter(o => o.Prices = PriceBook.Empty.With("m", Price).With("gpt-4o", Price))
            .UsePrefixCaching(o =>
            {
                o.MarkBreakpoint = Mark;
                configure?.Invoke(o);
            })
            .Build();

    private static AIContent Mark(AIContent content)
    {
        (content.AdditionalProperties ??= [])["mark"] = new object();
        return content;
    }

    /// <summary>Marked contents of all requests, as message.content.</summary>
    private static List<string> Marks(ScriptedChatClient provider) =>
        [
            .. from request in provider.Requests
            from message in request.Messages.Index()
            from content in message.Item.Contents.Index()
            where content.Item.AdditionalProperties?.ContainsKey("mark") == true
            select $"{message.Index}.{content.Index}",
        ];

    private static AIFunction Function(string name) => AIFunctionFactory.Create(() => 1, name);
}
