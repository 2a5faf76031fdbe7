using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.AI;

namespace LlmThrift.Benchmarks;

/// <summary>What a call costs in time and memory on its way through <c>UseCostControls()</c>, meter on, provider free.</summary>
[MemoryDiagnoser]
public class PipelineBenchmarks
{
    /// <summary>About 200 tokens of English.</summary>
    private const string Paragraph =
        "Your order left our warehouse on Monday and is with the carrier. Parcels within the country take two to three working days, and parcels abroad "
        + "five to eight, customs not counted. You can follow yours with the number in the message that we sent you; it may take a day until the first "
        + "scan shows. If nothing has moved for five working days, write to us with the number of the order, and we will ask the carrier for you. Should "
        + "the parcel be lost, you choose between a second delivery and your money back, which reaches the card that you paid with after three to five "
        + "working days. Please check beforehand that the address on the order is complete, with the floor and the name on the bell, since most parcels "
        + "that come back to us could not be handed over for that reason. Nobody at home? The carrier leaves a card and tries again the next morning, "
        + "and then keeps the parcel at the nearest shop for seven days. You can also name a neighbour, or a day that suits you better, on the page "
        + "behind the number. ";

    private static readonly FreeProvider Bare = new();
    private static readonly ChatOptions Options = new() { ModelId = "gpt-4o", Temperature = 0.2f };

    private readonly ChatMessage[] _one = [new(ChatRole.User, Paragraph)];
    private readonly ChatMessage[] _twenty =
    [
        .. Enumerable.Range(0, 20).Select(i => new ChatMessage(i % 2 == 0 ? ChatRole.User : ChatRole.Assistant, $"{i}: {Paragraph}")),
    ];
    private IChatClient _controlled = null!;
    private long _number;

    [GlobalSetup]
    public async Task Setup()
    {
        _controlled = new FreeProvider().WithCostControls(o => o.ExactCache.MaxEntries = 2_000);
        await _controlled.GetResponseAsync(_one, Options);
        await _controlled.GetResponseAsync(_twenty, Options);
    }

    [GlobalCleanup]
    public void Cleanup() => _controlled.Dispose();

    [Benchmark]
    public Task<ChatResponse> HitOfOneMessage() => _controlled.GetResponseAsync(_one, Options);

    [Benchmark]
    public Task<ChatResponse> HitOfTwentyMessages() => _controlled.GetResponseAsync(_twenty, Options);

    [Benchmark]
    public async Task<int> HitOfOneMessageAsStream()
    {
        var updates = 0;
        await foreach (var _ in _controlled.GetStreamingResponseAsync(_one, Options))
        {
            updates++;
        }

        return updates;
    }

    [Benchmark(Baseline = true)]
    public Task<ChatResponse> ProviderAlone() => Bare.GetResponseAsync(Fresh(), Options);

    [Benchmark]
    public Task<ChatResponse> MissOfOneMessage() => _controlled.GetResponseAsync(Fresh(), Options);

    /// <summary>A message that was not asked before.</summary>
    private ChatMessage[] Fresh() => [new(ChatRole.User, $"{_number++}: {Paragraph}")];
}
