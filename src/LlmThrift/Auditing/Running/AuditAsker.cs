using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using LlmThrift.Internal;
using LlmThrift.Metering;
using LlmThrift.Pricing;
using Microsoft.Extensions.AI;

namespace LlmThrift.Auditing.Running;

/// <summary>Asks models: once each, however often the audit is run, within a limit of money and a pace. Safe for concurrent use.</summary>
internal sealed class AuditAsker(RoutingAuditOptions options, AuditJournal journal, SpendingLimit limit)
{
    private const decimal InputMargin = 1.25m;
    private const int MarginTokens = 64;

    /// <summary>For a client to answer its cancellation; one that does not is left behind.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private DateTimeOffset _next;

    /// <summary>Asks, or finds the answer of an earlier run.</summary>
    /// <param name="name">Of the request, within the audit.</param>
    /// <param name="client">The model's client.</param>
    /// <param name="messages">What to ask.</param>
    /// <param name="asked">Options with the model; changed.</param>
    /// <param name="cancellationToken">Cancels waiting for the request's turn. A request that was sent is waited for, as it is paid for.</param>
    /// <exception cref="AuditStopException">There is no answer.</exception>
    public async Task<(string Text, decimal? Cost)> AskAsync(
        string name,
        IChatClient client,
        IReadOnlyList<ChatMessage> messages,
        ChatOptions asked,
        CancellationToken cancellationToken
    )
    {
        var metadata = client.GetService<ChatClientMetadata>();
        asked.MaxOutputTokens ??= options.MaxOutputTokens;
        var model = asked.ModelId ?? metadata?.DefaultModelId;
        var key = $"{name}/{DigestOf(model, messages, asked)}";
        if (journal.Find(key) is { } known)
        {
            if (known.Text is { } text)
            {
                return (text, known.Cost);
            }

            if (known.IsInterrupted)
            {
                throw new AuditStopException(AuditStop.Interrupted);
            }
        }

        var most = MostOf(model, metadata?.ProviderName, messages, asked);
        await PaceAsync(cancellationToken).ConfigureAwait(false);
        if (!await limit.TryReserveAsync(most, cancellationToken).ConfigureAwait(false))
        {
            throw new AuditStopException(AuditStop.Money);
        }

        // From here on to the end of the request it is as good as paid for.
        decimal spent = most;
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            journal.Begin(key, most);
            CallRecord? record = null;
            ChatResponse response;
            try
            {
                using var timeout = new CancellationTokenSource(options.CallTimeout, options.Clock);
                response = await Metered(client)
                    .GetResponseAsync(messages, asked.WithCallRecord(closed => record = closed), timeout.Token)
                    .WaitAsync(options.CallTimeout + Grace, options.Clock, CancellationToken.None)
                    .ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                // One that took too long may have been answered, and billed.
                spent = exception is OperationCanceledException or TimeoutException ? most : record?.ActualCost ?? 0;
                journal.Fail(key, exception.GetType().Name, spent);
                throw new AuditStopException(AuditStop.Failed, exception);
            }

            journal.End(key, response.Text, record?.ActualCost);
            spent = record?.ActualCost ?? 0;
            return (response.Text, record?.ActualCost);
        }
        catch (OperationCanceledException)
        {
            spent = 0;
            throw;
        }
        finally
        {
            limit.Settle(most, spent);
        }
    }

    /// <summary>Asks a tier.</summary>
    public Task<(string Text, decimal? Cost)> AskAsync(
        string name,
        AuditTier tier,
        IReadOnlyList<ChatMessage> messages,
        CancellationToken cancellationToken
    ) => AskAsync(name, tier.Client, messages, new ChatOptions { ModelId = tier.ModelId }, cancellationToken);

    /// <summary>A tier's answer of an earlier run; null when there is none.</summary>
    public (string Text, decimal? Cost)? Find(string name, AuditTier tier, IReadOnlyList<ChatMessage> messages)
    {
        var asked = new ChatOptions { ModelId = tier.ModelId, MaxOutputTokens = options.MaxOutputTokens };
        return journal.Find($"{name}/{DigestOf(tier.Model, messages, asked)}") is { Text: { } text } known ? (text, known.Cost) : null;
    }

    private static string DigestOf(string? model, IReadOnlyList<ChatMessage> messages, ChatOptions asked)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        void Add(string text)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(text));
            hash.AppendData([0]);
        }

        Add(model ?? "");
        Add(string.Create(CultureInfo.InvariantCulture, $"{asked.MaxOutputTokens} {asked.Temperature}"));
        foreach (var message in messages)
        {
            Add(message.Role.Value);
            Add(message.Text);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 8));
    }

    private decimal MostOf(string? model, string? provider, IReadOnlyList<ChatMessage> messages, ChatOptions asked)
    {
        if (options.Prices.FindOrNull(model, provider, options.Clock.GetUtcNow()) is { } price)
        {
            var input = options.TokenCounter.CountRequest(messages, asked, model).Tokens;
            var usage = new TokenUsage
            {
                InputTokens = (long)(input * InputMargin) + MarginTokens,
                OutputTokens = asked.MaxOutputTokens!.Value,
            };
            if (price.CostOf(usage) is { } cost)
            {
                return cost.Total;
            }
        }

        return limit.Limit is null
            ? 0
            : throw new InvalidOperationException(
                $"MaxCost is set, and the price of \"{model}\" is not known: add it by Prices.With(…), or ModelPrice.Free for a local one."
            );
    }

    private async ValueTask PaceAsync(CancellationToken cancellationToken)
    {
        if (options.MaxCallsPerMinute is not { } most)
        {
            return;
        }

        TimeSpan wait;
        lock (_gate)
        {
            var now = options.Clock.GetUtcNow();
            var turn = _next > now ? _next : now;
            _next = turn + TimeSpan.FromMinutes(1 / most);
            wait = turn - now;
        }

        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, options.Clock, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Not disposed, for that would dispose the app's client.</summary>
    private IChatClient Metered(IChatClient client) =>
        client
            .AsBuilder()
            .UseCostMeter(o =>
            {
                o.Prices = options.Prices;
                o.TokenCounter = options.TokenCounter;
            })
            .Build();
}
