using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Local.Tests.Chat;

[Collection("Memory")]
public sealed class AllocationTests(RandomModel model) : IClassFixture<RandomModel>
{
    [NativeTheory]
    [InlineData(0)]
    [InlineData(16)]
    public async Task A_stream_allocates_its_updates_and_little_else(int milliseconds)
    {
        var (updates, tokens, allocated) = await MeasureAsync(TimeSpan.FromMilliseconds(milliseconds));

        // An update with a list and a text content takes 256 bytes, the text of a token or two some 32.
        var bound = (300 * updates) + (40 * tokens) + 8000;
        Assert.True(updates >= 2 && tokens >= 100, $"{updates} updates of {tokens} tokens");
        Assert.True(allocated <= bound, $"{allocated} bytes for {updates} updates of {tokens} tokens, more than {bound}");
    }

    [NativeFact]
    public async Task Tokens_that_share_an_update_take_little_memory()
    {
        // A minute is long enough for all tokens but the first, however slow the machine.
        var (updates, tokens, allocated) = await MeasureAsync(TimeSpan.FromMinutes(1));

        Assert.InRange(updates, 2, 4);
        Assert.InRange(allocated, 1, 100 * tokens);
    }

    private async Task<(int Updates, long Tokens, long Allocated)> MeasureAsync(TimeSpan interval)
    {
        using var client = model.Client(o => (o.MaxConcurrency, o.StreamInterval) = (1, interval));
        for (var i = 0; i < 3; i++)
        {
            await StreamAsync(client);
        }

        var before = GC.GetTotalAllocatedBytes(precise: true);
        var (updates, tokens) = await StreamAsync(client);
        return (updates, tokens, GC.GetTotalAllocatedBytes(precise: true) - before);
    }

    private static async Task<(int Updates, long Tokens)> StreamAsync(LocalChatClient client)
    {
        var updates = 0;
        ChatResponseUpdate? last = null;
        await foreach (var update in client.GetStreamingResponseAsync("Go on", new ChatOptions { Temperature = 0, MaxOutputTokens = 900 }))
        {
            updates++;
            last = update;
        }

        return (updates, ((UsageContent)last!.Contents[0]).Details.OutputTokenCount!.Value);
    }
}
