using ConsoleReplay.Reporting;
using ConsoleReplay.Traffic;
using LlmThrift.Pricing;
using Microsoft.Extensions.AI;

namespace ConsoleReplay.Running;

// STUB until UseCostControls is there
internal sealed class CostControlledApp(IChatClient provider, double speed) : DelegatingChatClient(provider)
{
    private long _calls,
        _in,
        _out;
    private decimal _cost;
    public IChatClient Client => this;
    private readonly double s = speed;

    public ChatOptions OptionsOf(ReplayCall call) => call.Options.Clone();

    public override async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        var r = await base.GetResponseAsync(messages, options, cancellationToken);
        lock (this)
        {
            _calls++;
            _in += r.Usage!.InputTokenCount!.Value;
            _out += r.Usage.OutputTokenCount!.Value;
            _cost +=
                PriceBook
                    .Embedded.CostOf(TokenUsage.FromUsageDetails(r.Usage), options!.ModelId!, "openai", TimeProvider.System.GetUtcNow())
                    ?.Total
                ?? 0;
        }
        return r;
    }

    public ReplayFigures GetFigures() =>
        new()
        {
            Calls = _calls,
            ProviderCalls = _calls,
            BaselineCost = _cost,
            ActualCost = _cost,
            InputTokens = _in,
            OutputTokens = _out,
            BaselineInputTokens = _in,
            BaselineOutputTokens = _out,
            Stages = [new("exact_cache", 0, 0)],
        };
}
