using LlmThrift.TestKit;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Tests.OutputLimits;

public sealed class OutputLimitTests
{
    [Theory]
    [InlineData(null, null, 500)] // the default cap
    [InlineData("faq", null, 100)] // the feature's cap
    [InlineData("FAQ", null, 100)] // whatever its case
    [InlineData("essay", null, 2_000)] // a feature may have more than the default
    [InlineData("faq", 50, 50)] // never above what the caller asked
    [InlineData(null, 400, 400)]
    [InlineData(null, 600, 500)]
    public async Task Cap_is_that_of_the_feature_and_never_above_what_was_asked(string? feature, int? asked, int expected)
    {
        using var provider = new ScriptedChatClient();
        using var client = provider
            .AsBuilder()
            .UseOutputLimits(o =>
            {
                o.MaxOutputTokens = 500;
                o.Features["faq"] = 100;
                o.Features["essay"] = 2_000;
            })
            .Build();

        await client.GetResponseAsync("q", new ChatOptions { MaxOutputTokens = asked }.WithFeature(feature));
        await client.GetStreamingResponseAsync("q", new ChatOptions { MaxOutputTokens = asked }.WithFeature(feature)).ToListAsync();

        Assert.All(provider.Requests, request => Assert.Equal(expected, request.Options?.MaxOutputTokens));
    }

    [Fact]
    public async Task Nothing_is_limited_by_default()
    {
        using var provider = new ScriptedChatClient();
        using var client = provider.WithCostControls();

        await client.GetResponseAsync("q");

        Assert.Null(provider.Requests.Single().Options?.MaxOutputTokens);
    }

    [Fact]
    public async Task Options_changed_after_the_client_was_built_do_not_change_it()
    {
        LlmThrift.OutputLimits.OutputLimitOptions? options = null;
        using var provider = new ScriptedChatClient();
        using var client = provider
            .AsBuilder()
            .UseOutputLimits(o =>
            {
                o.MaxOutputTokens = 5;
                options = o;
            })
            .Build();
        options!.MaxOutputTokens = 7;
        options.Features["faq"] = 9;

        await client.GetResponseAsync("q", new ChatOptions().WithFeature("faq"));

        Assert.Equal(5, provider.Requests.Single().Options?.MaxOutputTokens);
    }

    [Fact]
    public async Task Record_notes_that_a_call_was_capped()
    {
        using var client = new ScriptedChatClient().WithCostControls(o => o.OutputLimits.MaxOutputTokens = 5);

        var record = (await client.GetResponseAsync("q")).GetCallRecord()!;

        Assert.Contains(
            record.Notes,
            note => note is { Stage: LlmThrift.Diagnostics.CostStages.OutputLimits, Reason: "capped", PassedBy: false }
        );
    }
}
