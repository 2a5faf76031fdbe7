using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Local.Tests.Chat;

public sealed class ManyCallersTests(RandomModel model) : IClassFixture<RandomModel>
{
    [NativeFact]
    public async Task Sixteen_conversations_with_one_system_prompt_evaluate_it_once()
    {
        const int Conversations = 16;
        using var client = model.Client(o => (o.MaxConcurrency, o.ContextLength) = (Conversations, 512));
        var system = string.Concat(Enumerable.Repeat("You answer for a shop. ", 60))[..500];
        var options = new ChatOptions { Temperature = 0, MaxOutputTokens = 20 };
        await client.WarmUpAsync();
        var before = client.EvaluatedTokens;

        var responses = await Task.WhenAll(
            Enumerable
                .Range(0, Conversations)
                .Select(i => client.GetResponseAsync([new(ChatRole.System, system), new(ChatRole.User, $"{i}?")], options))
        );

        var prompts = responses.Sum(response => response.Usage!.InputTokenCount!.Value);
        var cached = responses.Sum(response => response.Usage!.CachedInputTokenCount!.Value);
        var answers = responses.Sum(response => response.Usage!.OutputTokenCount!.Value);
        var once = responses.Max(response => response.Usage!.InputTokenCount!.Value);
        Assert.True(once >= 256, $"The prompt has only {once} tokens.");
        Assert.InRange(prompts - cached, once, once + (16 * Conversations));
        Assert.InRange(client.EvaluatedTokens - before, prompts - cached, prompts - cached + answers);
    }

    [NativeFact]
    public async Task Two_thousand_calls_that_come_and_go_as_they_please_all_end()
    {
        using var client = model.Client(o => (o.MaxConcurrency, o.ContextLength, o.QueueLimit) = (8, 128, 64));
        await client.WarmUpAsync();
        var counts = new int[4];
        using var callers = new SemaphoreSlim(96);

        await Parallel.ForEachAsync(
            Enumerable.Range(0, 2000),
            new ParallelOptions { MaxDegreeOfParallelism = 96 },
            async (number, _) => Interlocked.Increment(ref counts[await CallAsync(client, new Random(number))])
        );

        Assert.Equal(2000, counts.Sum());
        Assert.All(counts, count => Assert.True(count > 0, string.Join(", ", counts)));
        Assert.NotEmpty((await client.GetResponseAsync("Still there?", new ChatOptions { MaxOutputTokens = 20 })).Text);
    }

    /// <summary>One call: answered, left, cancelled or refused.</summary>
    private static async Task<int> CallAsync(LocalChatClient client, Random random)
    {
        var prompt = string.Concat(Enumerable.Repeat("Tell me more. ", random.Next(1, 12)));
        var options = new ChatOptions
        {
            Temperature = random.Next(3) * 0.5f,
            MaxOutputTokens = random.Next(10) == 0 ? 0 : random.Next(1, 60),
            Seed = random.Next(),
            StopSequences = random.Next(3) == 0 ? ["e", "the"] : null,
            FrequencyPenalty = random.Next(4) == 0 ? 0.5f : null,
        };
        using var cancellation = new CancellationTokenSource();
        if (random.Next(4) == 0)
        {
            cancellation.CancelAfter(random.Next(0, 20));
        }

        try
        {
            if (random.Next(2) == 0)
            {
                var response = await client.GetResponseAsync(prompt, options, cancellation.Token);
                Assert.NotNull(response.FinishReason);
                return 0;
            }

            var left = random.Next(3) == 0 ? random.Next(1, 5) : int.MaxValue;
            ChatFinishReason? reason = null;
            await foreach (var update in client.GetStreamingResponseAsync(prompt, options, cancellation.Token))
            {
                reason = update.FinishReason ?? reason;
                if (--left == 0)
                {
                    return 1;
                }
            }

            Assert.NotNull(reason);
            return 0;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return 2;
        }
        catch (Exception problem) when (problem is LocalModelBusyException or ArgumentException or LocalModelException)
        {
            return 3;
        }
    }
}
