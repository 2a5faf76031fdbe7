using System.Net;
using LlmThrift.CostControls;
using LlmThrift.Diagnostics;
using LlmThrift.Metering;
using LlmThrift.Pricing;
using LlmThrift.Resilience;
using LlmThrift.TestKit;
using Microsoft.Extensions.AI;

namespace LlmThrift.Tests.Resilience;

/// <summary>A pipeline with resilience over a provider that does what it is told attempt by attempt, on a clock that a test moves.</summary>
internal sealed class ResilienceBench : IDisposable
{
    /// <summary>What one question and answer of the script cost.</summary>
    public const decimal FullCost = (100 * 10m + 20 * 100m) / 1_000_000;

    /// <summary>Longer than any retry waits, shorter than the timeout of an attempt.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(40);

    private const int LooksBeforeTimePasses = 8;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private int _attempts;
    private Task? _learning;

    /// <param name="script">What the provider does at each attempt, the first of which has the number 1.</param>
    /// <param name="configure">Changes the options of resilience.</param>
    public ResilienceBench(Func<int, ScriptedAnswer> script, Action<ResilienceOptions>? configure = null)
        : this(script, (CostControlOptions o) => configure?.Invoke(o.Resilience)) { }

    public ResilienceBench(Func<int, ScriptedAnswer> script, Action<CostControlOptions> configure)
    {
        Provider = new ScriptedChatClient(
            (_, _) =>
            {
                lock (_gate)
                {
                    return _learning is { } gate ? new ScriptedAnswer { Gate = gate } : script(++_attempts);
                }
            }
        );
        Client = Provider
            .AsBuilder()
            .UseCostControls(o =>
            {
                o.UseExactCache = false;
                o.UseResilience = true;
                o.Metering.Prices = PriceBook.Empty.With("gpt-4o", new ModelPrice { Input = 10m, Output = 100m });
                configure(o);
            })
            .Build(new FewServices().With<TimeProvider>(Clock));
    }

    public ManualTimeProvider Clock { get; } = new();

    public ScriptedChatClient Provider { get; }

    public IChatClient Client { get; }

    public CallRecord? Record { get; private set; }

    public IEnumerable<string> Notes => Record!.Notes.Where(note => note.Stage == CostStages.Resilience).Select(note => note.Reason);

    public static HttpRequestException Failing(HttpStatusCode status) => new($"status {(int)status}", null, status);

    public void Dispose() => Client.Dispose();

    public Task<ChatResponse> AskAsync(bool isStreaming = false, CancellationToken cancellationToken = default)
    {
        var options = new ChatOptions().WithCallRecord(record => Record = record);
        return isStreaming
            ? Client.GetStreamingResponseAsync("question", options, cancellationToken).ToChatResponseAsync(cancellationToken)
            : Client.GetResponseAsync("question", options, cancellationToken);
    }

    /// <summary>
    /// Lets pauses pass until a call has ended. Returns how long they were. Time passes only when nothing has happened for a while: an attempt that has just set its timeout has yet to reach the
    /// provider.
    /// </summary>
    public async Task<TimeSpan> PassPausesAsync(Task call)
    {
        var startedAt = Clock.GetUtcNow();
        using var timeout = new CancellationTokenSource(Patience);
        var (seen, looks) = ((Clock.NextDue, Provider.Calls), 0);
        while (!call.IsCompleted)
        {
            var now = (Clock.NextDue, Provider.Calls);
            looks = now == seen ? looks + 1 : 0;
            seen = now;
            if (looks >= LooksBeforeTimePasses && now.NextDue is { } due && due <= LongestPause)
            {
                Clock.Advance(due);
                looks = 0;
            }

            await Task.Delay(1, timeout.Token);
        }

        return Clock.GetUtcNow() - startedAt;
    }

    public async Task<ChatResponse> AskThroughPausesAsync(bool isStreaming = false)
    {
        var call = AskAsync(isStreaming);
        await PassPausesAsync(call);
        return await call;
    }

    /// <summary>Answers so many calls, each of which takes so long to its first update, for hedging to learn from.</summary>
    public async Task LearnAsync(int calls, TimeSpan latency, bool isStreaming = false)
    {
        for (var call = 0; call < calls; call++)
        {
            var gate = new TaskCompletionSource();
            _learning = gate.Task;
            var before = Provider.Calls;
            var asking = AskAsync(isStreaming);
            await UntilAsync(() => Provider.Calls > before);
            Clock.Advance(latency);
            gate.SetResult();
            await asking;
        }

        _learning = null;
        Provider.Requests.Clear();
    }

    public static async Task UntilAsync(Func<bool> condition)
    {
        using var timeout = new CancellationTokenSource(Patience);
        while (!condition())
        {
            await Task.Delay(1, timeout.Token);
        }
    }
}
