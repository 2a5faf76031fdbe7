using LlmThrift.Budgets;
using Microsoft.Extensions.AI;

namespace AspNetChat;

/// <summary>Asks what customers ask, as long as it is switched on: some questions often, most of them seldom, and now and then a conversation.</summary>
internal sealed partial class DemoTraffic(
    IServiceProvider services,
    IConfiguration configuration,
    TimeProvider clock,
    ILogger<DemoTraffic> logger
) : BackgroundService
{
    private const int MaxAtOnce = 20;

    private readonly SemaphoreSlim _slots = new(MaxAtOnce);
    private readonly string[] _tenants = [.. People.Tenants];
    private TaskCompletionSource _on = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isOn;
    private uint _random = 2_026;

    public bool IsOn
    {
        get => _isOn;
        set
        {
            _isOn = value;
            if (value)
            {
                _on.TrySetResult();
            }
            else
            {
                _on = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }

    public override void Dispose()
    {
        _slots.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = TimeSpan.FromSeconds(1 / Math.Clamp(configuration.GetValue("Demo:RequestsPerSecond", 3.0), 0.01, 1_000));
        try
        {
            while (true)
            {
                await _on.Task.WaitAsync(stoppingToken);
                await _slots.WaitAsync(stoppingToken);
                _ = AskAsync(Next(), stoppingToken);
                await Task.Delay(pause, clock, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The app ends.
        }
    }

    private (List<ChatMessage> Messages, ChatOptions Options) Next()
    {
        var isFaq = Random(10) < 6;
        List<ChatMessage> messages = [new(ChatRole.System, SupportData.SystemPrompt)];
        for (var turn = isFaq ? 0 : Random(5); turn > 0; turn--)
        {
            var (text, intent) = Question();
            messages.Add(new ChatMessage(ChatRole.User, text));
            messages.Add(new ChatMessage(ChatRole.Assistant, SupportData.Answers[intent]));
        }

        messages.Add(new ChatMessage(ChatRole.User, Question().Text));
        var options = new ChatOptions { ModelId = "gpt-4o" };
        return (messages, options.WithTenant(_tenants[Math.Min(Random(3), Random(3))]).WithFeature(isFaq ? "faq" : "chat"));
    }

    /// <summary>A few questions make up most of what is asked.</summary>
    private (string Text, string Intent) Question()
    {
        var rank = (double)Random(1_000_000) / 1_000_000;
        return SupportData.Questions[(int)(Math.Pow(rank, 4) * SupportData.Questions.Count)];
    }

    private async Task AskAsync((List<ChatMessage> Messages, ChatOptions Options) call, CancellationToken cancellationToken)
    {
        try
        {
            var client = services.GetRequiredService<IChatClient>();
            await foreach (var _ in client.GetStreamingResponseAsync(call.Messages, call.Options, cancellationToken)) { }
        }
        catch (BudgetExceededException)
        {
            // Fabrikam's trial is small on purpose.
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            LogFailure(logger, exception);
        }
        catch (OperationCanceledException)
        {
            // The app ends.
        }
        finally
        {
            _slots.Release();
        }
    }

    private int Random(uint below)
    {
        _random = (_random * 1_664_525u) + 1_013_904_223u;
        return (int)((_random >> 8) % below);
    }

    [LoggerMessage(1, LogLevel.Warning, "A call of the demonstration failed.")]
    private static partial void LogFailure(ILogger logger, Exception exception);
}
