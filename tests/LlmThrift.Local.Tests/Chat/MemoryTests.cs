using LlmThrift.Local.Tests.Native;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Local.Tests.Chat;

/// <summary>
/// Native memory is given back. What counts is what native code has allocated and not freed: memory in use would also grow by the C library's pools of threads that come and
/// go. Some megabytes come and go with the runtime's own threads, hence many rounds and a bound that lies above that.
/// </summary>
[Collection("Memory")]
public sealed class MemoryTests(RandomModel model) : IClassFixture<RandomModel>
{
    private const long Bound = 10_000_000;

    [LinuxNativeFact]
    public async Task Two_thousand_requests_leave_nothing_behind()
    {
        using var client = model.Client(o => (o.MaxConcurrency, o.ContextLength) = (8, 128));
        await AskAsync(client, 0, 667);
        var before = ProcessMemory.Measure();

        await AskAsync(client, 667, 2000);

        // A leaked sampler takes some 10 kB, one with a grammar more.
        var growth = ProcessMemory.Measure() - before;
        Assert.True(growth.Allocated < Bound && growth.Resident < 2 * Bound, $"Grew by {growth}.");
    }

    [LinuxNativeFact]
    public async Task Two_hundred_clients_leave_nothing_behind()
    {
        await LoadAsync(50);
        var before = ProcessMemory.Measure();

        await LoadAsync(200);

        // A leaked context takes more than a megabyte, a model some hundred kB.
        var growth = ProcessMemory.Measure() - before;
        Assert.True(growth.Allocated < Bound, $"Grew by {growth}.");
    }

    private static Task AskAsync(LocalChatClient client, int from, int to) =>
        Parallel.ForEachAsync(
            Enumerable.Range(from, to - from),
            new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (number, cancellationToken) =>
            {
                var random = new Random(number);
                var options = new ChatOptions
                {
                    Temperature = random.Next(3) * 0.5f,
                    MaxOutputTokens = random.Next(1, 12),
                    Seed = number,
                    FrequencyPenalty = random.Next(4) == 0 ? 0.5f : null,
                    ResponseFormat = random.Next(4) == 0 ? ChatResponseFormat.Json : null,
                };
                var prompt = string.Concat(Enumerable.Repeat("Tell me more. ", random.Next(1, 8)));
                if (random.Next(2) == 0)
                {
                    await client.GetResponseAsync(prompt, options, cancellationToken);
                    return;
                }

                // Some leave early.
                var left = random.Next(1, 8);
                await foreach (var _ in client.GetStreamingResponseAsync(prompt, options, cancellationToken))
                {
                    if (--left == 0)
                    {
                        break;
                    }
                }
            }
        );

    private async Task LoadAsync(int count)
    {
        for (var i = 0; i < count; i++)
        {
            using var client = model.Client();
            await client.GetResponseAsync("hello", new ChatOptions { MaxOutputTokens = 2 });
            using var generator = new LocalEmbeddingGenerator(new LocalEmbeddingOptions { ModelPath = model.Path });
            await generator.GenerateAsync(["hello"]);
        }

        // The last generator frees its model when its batch has ended.
        await Task.Delay(200);
    }
}
