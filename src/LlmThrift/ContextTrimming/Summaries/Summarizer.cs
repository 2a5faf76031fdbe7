using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using LlmThrift.Internal.Caching;
using LlmThrift.Pricing;
using Microsoft.Extensions.AI;

namespace LlmThrift.ContextTrimming;

/// <summary>
/// Has a model sum up messages, added to what it made of earlier ones. The same is not asked twice. Never throws what the client throws. Safe for
/// concurrent use.
/// </summary>
internal sealed class Summarizer
{
    /// <summary>More is told in several steps, each adding to the one before.</summary>
    private const int MaxInputTokens = 12_000;

    /// <summary>Of one message: a token is at least this many characters in most texts, so that a step is not exceeded.</summary>
    private const int MaxMessageCharacters = 3 * MaxInputTokens / 2;

    /// <summary>Words that fit into a token, with room for languages that need more of them.</summary>
    private const double WordsPerToken = 0.6;

    private const int MaxRemembered = 1_000;
    private const long MaxRememberedBytes = 8L * 1024 * 1024;

    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(2);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    private readonly IChatClient _client;
    private readonly string? _modelId;
    private readonly string _instructions;
    private readonly PriceBook _prices;
    private readonly TimeProvider _clock;
    private readonly HelperFailures _failures;
    private readonly SieveStore<UInt128, string> _made;
    private readonly ConcurrentDictionary<UInt128, Task<string?>> _inWork = new();

    public Summarizer(IChatClient client, RollingSummaryOptions options, PriceBook prices, TimeProvider clock, HelperFailures failures)
    {
        (_client, _modelId, _instructions) = (client, options.ModelId, options.Instructions);
        (_prices, _clock, _failures) = (prices, clock, failures);
        (MaxTokens, Timeout) = (options.MaxTokens, options.Timeout);
        _made = new SieveStore<UInt128, string>(MaxRemembered, MaxRememberedBytes, clock);
    }

    /// <summary>Of a summary.</summary>
    public int MaxTokens { get; }

    /// <summary>How long a call waits.</summary>
    public TimeSpan Timeout { get; }

    /// <summary>What summing up costs at most, in millionths of a USD; 0 when no price is known.</summary>
    public decimal CostOf(int tokens)
    {
        var metadata = _client.GetService<ChatClientMetadata>();
        var price = _prices.FindOrNull(_modelId ?? metadata?.DefaultModelId, metadata?.ProviderName, _clock.GetUtcNow());
        return ((price?.Input ?? 0) * tokens) + ((price?.Output ?? 0) * MaxTokens * Math.Max(1, tokens / MaxInputTokens));
    }

    /// <summary>Sums up; null when the model fails or says nothing.</summary>
    /// <param name="soFar">What was made of earlier messages; null for nothing.</param>
    /// <param name="messages">The messages to add, in their order, with their tokens.</param>
    /// <param name="maxTokens">Of the summary.</param>
    /// <param name="ledger">What it is billed to; null for none.</param>
    public async Task<string?> SummarizeAsync(
        string? soFar,
        IReadOnlyList<(ChatMessage Message, int Tokens)> messages,
        int maxTokens,
        CallContext? ledger
    )
    {
        using var cancellation = new CancellationTokenSource(Limit, _clock);
        try
        {
            for (var next = 0; next < messages.Count; )
            {
                var first = next;
                var tokens = 0;
                do
                {
                    tokens += messages[next++].Tokens;
                } while (next < messages.Count && tokens + messages[next].Tokens <= MaxInputTokens);

                var step = messages.Skip(first).Take(next - first).Select(item => item.Message);
                soFar = await AskOnceAsync(Quote(soFar, step, maxTokens), maxTokens, ledger, cancellation.Token).ConfigureAwait(false);
                if (soFar is null)
                {
                    return null;
                }
            }

            return soFar;
        }
        catch (Exception exception)
        {
            _failures.Report("summarizer", exception);
            return null;
        }
    }

    private async Task<string?> AskOnceAsync(string request, int maxTokens, CallContext? ledger, CancellationToken cancellationToken)
    {
        ChatMessage[] messages = [new(ChatRole.System, _instructions), new(ChatRole.User, request)];
        if (!RequestFingerprint.TryComputeForProcess(new CanonicalRequest { Messages = messages, Scope = _modelId }, out var key))
        {
            return await AskAsync(messages, maxTokens, ledger, cancellationToken).ConfigureAwait(false);
        }

        if (_made.TryGet(key, out var made))
        {
            return made;
        }

        var mine = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var inWork = _inWork.GetOrAdd(key, mine.Task);
        if (inWork != mine.Task)
        {
            return await inWork.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        string? text = null;
        try
        {
            text = await AskAsync(messages, maxTokens, ledger, cancellationToken).ConfigureAwait(false);
            if (text is not null)
            {
                _made.Set(key, text, 200 + (2 * text.Length), Lifetime);
            }
        }
        finally
        {
            _inWork.TryRemove(key, out _);
            mine.SetResult(text);
        }

        return text;
    }

    private async Task<string?> AskAsync(ChatMessage[] messages, int maxTokens, CallContext? ledger, CancellationToken cancellationToken)
    {
        var options = new ChatOptions { ModelId = _modelId, MaxOutputTokens = maxTokens };
        var response = await HelperModel
            .AskAsync(_client, CostStages.ContextTrimming, ledger, messages, options, cancellationToken)
            .ConfigureAwait(false);
        var text = response.Text.Trim();
        if (text.Length == 0)
        {
            throw new InvalidDataException(
                "The summary is empty. A model that reasons may need a larger ContextTrimming.Summary.MaxTokens."
            );
        }

        return response.FinishReason == ChatFinishReason.Length ? text + " …" : text;
    }

    private static string Quote(string? soFar, IEnumerable<ChatMessage> messages, int maxTokens)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("summary", soFar);
            json.WriteStartArray("messages");
            foreach (var message in messages)
            {
                json.WriteStartObject();
                json.WriteString("role", message.Role.Value);
                if (message.AuthorName is { } author)
                {
                    json.WriteString("author", author);
                }

                json.WriteString("text", Shorten(SearchText.Of(message)));
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteNumber("max_words", (int)(maxTokens * WordsPerToken));
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    private static string Shorten(string text) =>
        text.Length <= MaxMessageCharacters
            ? text
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{text.AsSpan(0, MaxMessageCharacters / 2)}\n[… {text.Length - MaxMessageCharacters} characters …]\n{text.AsSpan(text.Length - (MaxMessageCharacters / 2))}"
            );
}
