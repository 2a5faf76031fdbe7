using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using LlmThrift.Pricing;
using LlmThrift.Tokens;
using Microsoft.Extensions.AI;

namespace LlmThrift.ContextTrimming;

/// <summary>
/// Cuts a conversation down to a budget of tokens: keeps what the last question needs, and what must be kept, and leaves the rest out. What
/// <c>UseContextTrimming()</c> does, for apps that want to do it themselves or to see why. Safe for concurrent use.
/// </summary>
/// <remarks>
/// <para>
/// A block is a message, or the call of a tool with all its results. Kept are instructions, the last message of the user and the end of the conversation;
/// then the last messages before the question; then blocks by what they have in common with the question in words (BM25 over pieces of words, in any
/// language) and, where there is an embedding generator, in meaning, with what lies around such blocks. Order stays. Long results of tools, JSON and code are shortened; what is
/// sent twice becomes a reference. Where a model for it is given (<see cref="ContextTrimmingOptions.Summary"/>), what is left out is told in a summary.
/// </para>
/// <para>
/// Nothing is done to a request within its budget. A trim goes further than it must (<see cref="ContextTrimmingOptions.TargetShare"/>), and later calls of the
/// conversation leave the same out, so that what is sent begins as before and providers give their discount on it, until the budget is reached again
/// or a question asks for something that was left out.
/// </para>
/// </remarks>
public sealed class ContextTrimmer
{
    /// <summary>A block that was left out, and has so many standard deviations more to do with a question than most, is worth another trim.</summary>
    private const double Striking = 4;

    private const int LeastFurtherCalls = 2;
    private const int MostFurtherCalls = 30;

    private readonly int _maxTokens;
    private readonly double _maxContextShare;
    private readonly double _targetShare;
    private readonly bool _isPrefixAware;
    private readonly int? _furtherCalls;
    private readonly TimeSpan _prefixLifetime;
    private readonly ContextTrimmingSettings _settings;
    private readonly PriceBook _prices;
    private readonly TimeProvider _clock;
    private readonly MessageMemory _memory;
    private readonly Conversations _conversations;
    private readonly BlockScorer _scorer;
    private readonly RollingSummary? _summary;

    /// <summary>Makes a trimmer.</summary>
    /// <param name="options">The options, copied; null for the defaults. Without an embedding generator in them, words alone decide.</param>
    /// <param name="clock">The clock; null for the system's.</param>
    /// <exception cref="ArgumentException">An option has a bad value; the message names all.</exception>
    public ContextTrimmer(ContextTrimmingOptions? options = null, TimeProvider? clock = null)
        : this(options ?? new ContextTrimmingOptions(), new PipelineServices(services: null), clock) { }

    internal ContextTrimmer(ContextTrimmingOptions options, PipelineServices services, TimeProvider? clock = null)
    {
        var problems = new OptionsProblems();
        options.Validate(problems);
        var summarizer = options.Summary.Client ?? options.Summary.FindClient(services, problems);
        problems.ThrowIfAny();
        _maxTokens = options.MaxTokens;
        _maxContextShare = options.MaxContextShare;
        _targetShare = options.TargetShare;
        _isPrefixAware = options.IsPrefixAware;
        _furtherCalls = options.ExpectedFurtherCalls;
        _prefixLifetime = options.PrefixLifetime;
        _settings = new ContextTrimmingSettings(options.RecentMessages, options.ShortenAbove);
        _prices = options.Prices ?? PriceBook.Embedded;
        _clock = clock ?? services.Clock;
        Failures = services.Failures;
        var counter = options.TokenCounter ?? RequestTokenCounter.Default;
        _memory = new MessageMemory(options.MaxRememberedMessages, counter, _clock);
        _conversations = new Conversations(_clock);
        var generator = options.UseEmbeddings
            ? options.EmbeddingGenerator ?? services.Find<IEmbeddingGenerator<string, Embedding<float>>>()
            : null;
        _scorer = new BlockScorer(
            generator is null ? null : new MeaningRelevance(generator, options.EmbeddingTimeout, counter, _clock, Failures)
        );
        _summary = summarizer is null
            ? null
            : new RollingSummary(new Summarizer(summarizer, options.Summary, _prices, _clock, Failures), _memory, _clock);
    }

    internal HelperFailures Failures { get; }

    /// <summary>Trims a conversation.</summary>
    /// <param name="messages">The messages, which stay as they are.</param>
    /// <param name="options">Options of the call, whose instructions and tools count; null for none.</param>
    /// <param name="modelId">The model, by which tokens are counted; null for that of <paramref name="options"/>, and for an estimate.</param>
    /// <param name="provider">The provider, to find the model's price and context window; null when it is not known.</param>
    /// <param name="maxTokens">The most input tokens of this call; null for <see cref="ContextTrimmingOptions.MaxTokens"/>.</param>
    /// <param name="cancellationToken">Cancels waiting for embeddings and for a summary.</param>
    /// <returns>What to send, and why.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="messages"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxTokens"/> is less than 1.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public ValueTask<TrimmedContext> TrimAsync(
        IReadOnlyList<ChatMessage> messages,
        ChatOptions? options = null,
        string? modelId = null,
        string? provider = null,
        int? maxTokens = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(messages);
        if (maxTokens is { } most)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(most, 1, nameof(maxTokens));
        }

        return TrimAsync(messages, options, modelId ?? options?.ModelId, provider, maxTokens ?? _maxTokens, call: null, cancellationToken);
    }

    /// <summary>Trims the request of a call, which pays for what helpers cost.</summary>
    internal ValueTask<TrimmedContext> TrimAsync(
        IReadOnlyList<ChatMessage> messages,
        CallOptions call,
        string? modelId,
        string? provider,
        CancellationToken cancellationToken
    ) => TrimAsync(messages, call, modelId, provider, _maxTokens, call.Context, cancellationToken);

    private ValueTask<TrimmedContext> TrimAsync(
        IReadOnlyList<ChatMessage> messages,
        ChatOptions? options,
        string? modelId,
        string? provider,
        int maxTokens,
        CallContext? call,
        CancellationToken cancellationToken
    )
    {
        var price = _prices.FindOrNull(modelId, provider, _clock.GetUtcNow());
        var hardLimit = price?.ContextWindow is { } window ? (int)Math.Min(int.MaxValue, window * _maxContextShare) : int.MaxValue;
        var facts = _memory.Of(messages, modelId);
        var fixedTokens = _memory.CountFixed(options, modelId);
        var chain = _isPrefixAware || _summary is not null ? Conversations.ChainOf(facts, fixedTokens) : null;
        var earlier = chain is null ? null : _conversations.Find(chain);
        var request = new TrimRequest(messages, facts, fixedTokens, Math.Min(maxTokens, hardLimit), hardLimit)
        {
            ModelId = modelId,
            Price = price,
            Call = call,
            Chain = chain,
            Earlier = _isPrefixAware ? earlier : null,
            Summary = earlier?.LatestSummary,
        };
        return request.Before <= request.Budget && request.Earlier is not { IsTrimmed: true }
            ? new(Close(request, TrimOutcome.WithinBudget, request.AsItIs))
            : TrimAsync(request, cancellationToken);
    }

    private async ValueTask<TrimmedContext> TrimAsync(TrimRequest request, CancellationToken cancellationToken)
    {
        var blocks = request.ToBlocks();
        var (scores, own) = await _scorer
            .ScoreAsync(request.Messages, request.Facts, blocks, request.Call, cancellationToken)
            .ConfigureAwait(false);
        var stable = request.Earlier?.GoOn(request.Messages, request.Facts, blocks) ?? request.AsItIs;
        var stableTotal = request.Fixed + stable.Total;
        var lacksWhatIsAsked = LacksWhatIsAsked(request, blocks, own);
        if (stableTotal <= request.Budget && !lacksWhatIsAsked)
        {
            return Close(request, TrimOutcome.KeptStable, stable, blocks, scores, late: request.Earlier?.LateSummary);
        }

        var target = (int)(request.Budget * _targetShare) - request.Fixed;
        var reserve = _summary?.Reserve(target) ?? 0;
        var selection = new BlockSelection(
            blocks,
            request.Messages,
            request.Facts,
            _settings,
            message => _memory.Of([message], request.ModelId).Tokens
        );
        selection.Choose(scores, target - reserve);
        var isWithin = request.Fixed + selection.Total <= request.Budget;
        var telling = isWithin ? _summary?.Plan(request.Summary, selection.Sent, request.Facts, reserve) : null;
        var place = telling is null ? 0 : SummaryPlacement.AfterLastGap(blocks, request.Messages, selection.Sent);
        var trimmed = new Draft(selection.Sent, selection.Tokens, IsTrimmed: true, telling?.Expected, place);

        // An answer without what it needs is dear at any price.
        var mayRefuse = !lacksWhatIsAsked && isWithin && stableTotal <= request.HardLimit;
        if (mayRefuse && !Pays(request, stable, trimmed, telling?.Cost ?? 0))
        {
            return Close(request, TrimOutcome.Refused, stable, blocks, scores, late: request.Earlier?.LateSummary);
        }

        LateSummary? late = null;
        if (telling is not null)
        {
            (var made, late) = await _summary!
                .MakeAsync(telling, request.Messages, request.Facts, request.ModelId, request.Call, cancellationToken)
                .ConfigureAwait(false);
            var fits = made is not null && request.Fixed + selection.Total + made.Tokens <= request.Budget;
            trimmed = new Draft(selection.Sent, selection.Tokens, IsTrimmed: true, fits ? made : null, place);
        }

        var outcome = isWithin ? TrimOutcome.Trimmed : TrimOutcome.PinnedOverBudget;
        return Close(request, outcome, trimmed, blocks, scores, selection.Fates, late);
    }

    /// <summary>Whether one of the blocks with the most in common with the question is among those that were left out.</summary>
    private static bool LacksWhatIsAsked(TrimRequest request, List<ContextBlock> blocks, double[] own)
    {
        if (request.Earlier is not { IsTrimmed: true } earlier)
        {
            return false;
        }

        var best = -1;
        for (var block = 0; block < blocks.Count; block++)
        {
            best = own[block] > Striking && (best < 0 || own[block] > own[best]) ? block : best;
        }

        return best >= 0 && blocks[best].FirstMessage < earlier.Messages && earlier.IsLeftOut(blocks[best].FirstMessage);
    }

    private bool Pays(TrimRequest request, Draft stable, Draft trimmed, decimal costOfSummary)
    {
        var furtherCalls =
            _furtherCalls
            ?? Math.Clamp(request.Messages.Count(message => message.Role == ChatRole.Assistant), LeastFurtherCalls, MostFurtherCalls);
        var economics = TrimEconomics.At(request.Price, furtherCalls);
        var (ifStable, ifTrimmed) = (0, 0);
        if (request.Earlier is { } earlier && _clock.GetElapsedTime(earlier.SentTimestamp) < _prefixLifetime)
        {
            ifStable = request.Fixed + earlier.CountSame(stable, request.Messages);
            ifTrimmed = request.Fixed + earlier.CountSame(trimmed, request.Messages);
        }

        var costIfTrimmed = economics.CostOf(request.Fixed + trimmed.Total, ifTrimmed) + (request.Price?.Input is null ? 0 : costOfSummary);
        return costIfTrimmed < economics.CostOf(request.Fixed + stable.Total, ifStable);
    }

    private TrimmedContext Close(
        TrimRequest request,
        TrimOutcome outcome,
        Draft draft,
        List<ContextBlock>? blocks = null,
        double[]? scores = null,
        BlockFate[]? fates = null,
        LateSummary? late = null
    )
    {
        if (request.Chain is not null)
        {
            _conversations.Remember(request.Chain, SentPlan.Of(draft, request.Messages, _clock.GetTimestamp(), late));
        }

        var described = blocks is null
            ? []
            : blocks.Select((block, i) => Describe(block, draft, request.Messages, scores![i], fates?[i])).ToArray();
        return new TrimmedContext(
            draft.IsTrimmed ? draft.ToMessages() : request.Messages,
            outcome,
            request.Before,
            request.Fixed + draft.Total,
            request.Budget,
            described,
            draft.Summary?.Text
        );
    }

    private static TrimmedBlock Describe(
        ContextBlock block,
        Draft draft,
        IReadOnlyList<ChatMessage> messages,
        double score,
        BlockFate? fate
    )
    {
        var became =
            fate
            ?? (
                block.IsPinned ? BlockFate.Pinned
                : draft.Sent[block.FirstMessage] is null ? BlockFate.LeftOut
                : block.Messages.TrueForAll(message => ReferenceEquals(draft.Sent[message], messages[message])) ? BlockFate.Relevant
                : BlockFate.Shortened
            );
        if (became == BlockFate.LeftOut && draft.Summary is { } summary && block.Messages.TrueForAll(summary.Covers))
        {
            became = BlockFate.Summarized;
        }

        var tokensSent = block.Messages.Sum(message => draft.Tokens[message]);
        return new TrimmedBlock(block.FirstMessage, block.Messages.Count, block.Tokens, tokensSent, became, score);
    }
}
