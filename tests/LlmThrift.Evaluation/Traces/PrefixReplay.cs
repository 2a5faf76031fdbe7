using LlmThrift.ContextTrimming;
using LlmThrift.Pricing;
using LlmThrift.Tokens;
using Microsoft.Extensions.AI;

namespace LlmThrift.Evaluation.Traces;

/// <summary>
/// Replays a trace through a provider that reads at a discount what it has read before: everything sent, the last blocks only, and what the trimmer sends.
/// </summary>
internal static class PrefixReplay
{
    private const string Model = "trace";
    private const int LeastCached = 1_024;

    /// <summary>The input's cost in USD of each way, and how many requests were over the budget.</summary>
    public readonly record struct Result(int Requests, int OverBudget, decimal Everything, decimal LastBlocks, decimal Ours, int Refused);

    public static async Task<Result> RunAsync(
        IReadOnlyList<PrefixTrace> trace,
        ModelPrice price,
        int maxTokens,
        CancellationToken cancellation
    )
    {
        var clock = new TraceClock();
        var trimmer = new ContextTrimmer(
            new ContextTrimmingOptions
            {
                MaxTokens = maxTokens,
                MaxContextShare = 1,
                UseEmbeddings = false,
                Prices = PriceBook.Empty.With(Model, price),
                TokenCounter = new RequestTokenCounter(new RequestTokenCounterOptions { Counters = { [Model] = new BlockCounter() } }),
            },
            clock
        );
        var (everything, last, ours) = (new Provider(price, clock), new Provider(price, clock), new Provider(price, clock));
        var (over, refused, number) = (0, 0, 0);
        foreach (var request in trace)
        {
            Progress.Show($"{++number} of {trace.Count} requests");
            clock.Now = request.At;
            ChatMessage[] messages =
            [
                .. request.Blocks.Select(
                    (id, place) => new ChatMessage(RoleOf(place, request.Blocks.Length), $"block {id}") { MessageId = $"{id}" }
                ),
            ];
            over += request.InputTokens > maxTokens ? 1 : 0;
            var trimmed = await trimmer.TrimAsync(messages, modelId: Model, cancellationToken: cancellation);
            refused += trimmed.Outcome == TrimOutcome.Refused ? 1 : 0;
            everything.Read(request.Blocks);
            last.Read(Last(request.Blocks, maxTokens / PrefixTrace.BlockTokens));
            ours.Read([.. trimmed.Messages.Select(message => long.Parse(message.MessageId!, null))]);
        }

        Progress.Clear();
        return new Result(trace.Count, over, everything.Cost, last.Cost, ours.Cost, refused);
    }

    /// <summary>The first block stands for the instructions, the last for the question.</summary>
    private static ChatRole RoleOf(int place, int count) =>
        place == count - 1 ? ChatRole.User
        : place == 0 ? ChatRole.System
        : place % 2 == 1 ? ChatRole.User
        : ChatRole.Assistant;

    private static long[] Last(long[] blocks, int most) =>
        blocks.Length <= most ? blocks : [blocks[0], .. blocks[^Math.Max(1, most - 1)..]];

    private sealed class TraceClock : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddYears(56) + Now;
    }

    /// <summary>A block is 512 tokens; roles and the overhead of messages are taken for part of them.</summary>
    private sealed class BlockCounter : ITokenCounter
    {
        public int CountTokens(ReadOnlySpan<char> text) => text.StartsWith("block ") ? PrefixTrace.BlockTokens : 0;
    }

    private sealed class Provider(ModelPrice price, TraceClock clock)
    {
        private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

        private readonly Dictionary<UInt128, TimeSpan> _read = [];

        public decimal Cost { get; private set; }

        public void Read(long[] blocks)
        {
            var link = UInt128.Zero;
            var (repeated, isRepeated) = (0, true);
            foreach (var block in blocks)
            {
                link = (link * new UInt128(0x9E37_79B9_7F4A_7C15, 0xF39C_C060_5CED_C835)) + (ulong)block + 1;
                isRepeated &= _read.TryGetValue(link, out var at) && clock.Now - at < Lifetime;
                repeated += isRepeated ? PrefixTrace.BlockTokens : 0;
                _read[link] = clock.Now;
            }

            repeated = repeated < LeastCached ? 0 : repeated;
            var fresh = (blocks.Length * PrefixTrace.BlockTokens) - repeated;
            var input = price.Input ?? 0;
            Cost += ((repeated * (price.CachedInput ?? input)) + (fresh * (price.CacheWrite ?? input))) / 1_000_000;
        }
    }
}
