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
/// said twice becomes a reference.
/// </para>
/// <para>
/// Nothing is done to a request within its budget. A trim goes further than it must (<see cref="ContextTrimmingOptions.TargetShare"/>), and later calls of the
/// conversation leave the same out, so that what is sent begins as before and providers give their discount on it, until the budget is reached again
/// or a question asks for something that was left out.
/// </para>
/// </remarks>
public sealed class ContextTrimmer
{
    /// <summary>What the neighbours of a block add falls to 1/e over so many tokens.</summary>
    private const double WordReach = 136;

    private const double MeaningReach = 100;

    /// <summary>A block that was left out, and has so many standard deviations more to do with a question than most, is worth another trim.</summary>
    private const double Striking = 4;

    private const int LeastFurtherCalls = 2;
    private const int MostFurtherCalls = 30;

    /// <summary>A pause in the conversation: what was said before it is another matter.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromHours(2);

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
    private readonly MeaningRelevance? _meaning;

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
        _memory = new MessageMemory(options.MaxRememberedMessages, options.TokenCounter ?? RequestTokenCounter.Default, _clock);
        _conversations = new Conversations(_clock);
        Failures = services.Failures;
        var generator = options.UseEmbeddings
            ? options.EmbeddingGenerator ?? services.Find<IEmbeddingGenerator<string, Embedding<float>>>()
            : null;
        _meaning = generator is null ? null : new MeaningRelevance(generator, options.EmbeddingTimeout, _clock, Failures);
    }

    internal HelperFailures Failures { get; }

    /// <summary>Trims a conversation.</summary>
    /// <param name="messages">The messages, which stay as they are.</param>
    /// <param name="options">Options of the call, whose instructions and tools count; null for none.</param>
    /// <param name="modelId">The model, by which tokens are counted; null for that of <paramref name="options"/>, and for an estimate.</param>
    /// <param name="provider">The provider, to find the model's price and context window; null when it is not known.</param>
    /// <param name="maxTokens">The most input tokens of this call; null for <see cref="ContextTrimmingOptions.MaxTokens"/>.</param>
    /// <param name="cancellationToken">Cancels waiting for embeddings.</param>
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

        modelId ??= options?.ModelId;
        var price = _prices.FindOrNull(modelId, provider, _clock.GetUtcNow());
        var hardLimit = price?.ContextWindow is { } window ? (int)Math.Min(int.MaxValue, window * _maxContextShare) : int.MaxValue;
        var facts = _memory.Of(messages, modelId);
        var fixedTokens = _memory.CountFixed(options, modelId);
        var request = new Request(messages, facts, fixedTokens, Math.Min(maxTokens ?? _maxTokens, hardLimit), hardLimit, price)
        {
            Chain = _isPrefixAware ? Conversations.ChainOf(facts, fixedTokens) : null,
        };
        request.Earlier = request.Chain is null ? null : _conversations.Find(request.Chain);
        if (request.Before <= request.Budget && request.Earlier is not { IsTrimmed: true })
        {
            return new(Close(request, TrimOutcome.WithinBudget, [.. messages], TokensOf(facts), isTrimmed: false));
        }

        return TrimAsync(request, modelId, cancellationToken);
    }

    private async ValueTask<TrimmedContext> TrimAsync(Request request, string? modelId, CancellationToken cancellationToken)
    {
        var blocks = BlocksOf(request);
        var (scores, own) = await ScoreAsync(request, blocks, modelId, cancellationToken).ConfigureAwait(false);
        var (stable, stableTokens) = GoOn(request);
        var stableTotal = request.Fixed + stableTokens.Sum();
        var isTrimmed = request.Earlier is { IsTrimmed: true };
        var lacksWhatIsAsked = LacksWhatIsAsked(request, blocks, own);
        if (stableTotal <= request.Budget && !lacksWhatIsAsked)
        {
            return Close(request, TrimOutcome.KeptStable, stable, stableTokens, isTrimmed, blocks, scores);
        }

        var selection = new BlockSelection(
            blocks,
            request.Messages,
            request.Facts,
            _settings,
            message => _memory.Of([message], modelId).Tokens
        );
        selection.Choose(scores, (int)(request.Budget * _targetShare) - request.Fixed);
        var total = request.Fixed + selection.Total;

        // An answer without what it needs is dear at any price.
        var mayRefuse = !lacksWhatIsAsked && total <= request.Budget && stableTotal <= request.HardLimit;
        if (mayRefuse && !Pays(request, stableTotal, stableTokens, selection, total))
        {
            return Close(request, TrimOutcome.Refused, stable, stableTokens, isTrimmed, blocks, scores);
        }

        var outcome = total > request.Budget ? TrimOutcome.PinnedOverBudget : TrimOutcome.Trimmed;
        return Close(request, outcome, selection.Sent, selection.Tokens, isTrimmed: true, blocks, scores, selection.Fates);
    }

    private static List<ContextBlock> BlocksOf(Request request)
    {
        var blocks = BlockBuilder.Build(request.Messages);
        foreach (var block in blocks)
        {
            foreach (var message in block.Messages)
            {
                block.Tokens += request.Facts[message].Tokens;
            }
        }

        return blocks;
    }

    /// <summary>The scores of blocks with those of their neighbours, and by themselves.</summary>
    private async ValueTask<(double[] Scores, double[] Own)> ScoreAsync(
        Request request,
        List<ContextBlock> blocks,
        string? modelId,
        CancellationToken cancellationToken
    )
    {
        // Pinned blocks are kept whatever their score: they neither count as documents nor lend to their neighbours.
        var old = blocks.Where(block => !block.IsPinned).ToList();
        var scores = new double[blocks.Count];
        var asked = QuestionOf(request.Messages);
        if (asked is null || old.Count == 0)
        {
            return (scores, scores);
        }

        var question = SearchText.Of(asked);
        var texts = old.ConvertAll(block => SearchText.Of(block, request.Messages)).ToArray();
        var words = new double[old.Count];
        WordRelevance.Score(question, texts, words);
        Scores.Standardize(words);
        var reach = WordReach;
        if (
            _meaning is not null
            && await MeaningOfAsync(asked, question, old, request, modelId, cancellationToken).ConfigureAwait(false) is { } meanings
        )
        {
            reach = MeaningReach;
            for (var i = 0; i < words.Length; i++)
            {
                words[i] += meanings[i];
            }
        }

        var combined = (double[])words.Clone();
        Scores.AddNeighbors(combined, [.. old.Select(block => block.Tokens)], Pauses(old, request.Messages), reach);
        Authors.AddTo(question, [.. old.Select(block => request.Messages[block.FirstMessage].AuthorName)], texts, combined);
        var own = new double[blocks.Count];
        for (int block = 0, i = 0; block < blocks.Count; block++)
        {
            if (!blocks[block].IsPinned)
            {
                (scores[block], own[block]) = (combined[i], words[i]);
                i++;
            }
        }

        return (scores, own);
    }

    private async ValueTask<double[]?> MeaningOfAsync(
        ChatMessage asked,
        string question,
        List<ContextBlock> old,
        Request request,
        string? modelId,
        CancellationToken cancellationToken
    )
    {
        var ofQuestion = _memory.Of([asked], modelId);
        var items = new List<(MessageFacts, string)> { (ofQuestion, question) };
        foreach (var message in old.SelectMany(block => block.Messages))
        {
            items.Add((request.Facts[message], SearchText.Of(request.Messages[message])));
        }

        if (!await _meaning!.EmbedAsync(items, cancellationToken).ConfigureAwait(false))
        {
            return null;
        }

        var similarities = new double[old.Count];
        for (var i = 0; i < similarities.Length; i++)
        {
            similarities[i] = old[i].Messages.Max(message => MeaningRelevance.Similarity(ofQuestion, request.Facts[message]));
        }

        Scores.Standardize(similarities);
        return similarities;
    }

    private static ChatMessage? QuestionOf(IReadOnlyList<ChatMessage> messages)
    {
        for (var index = messages.Count - 1; index >= 0; index--)
        {
            if (messages[index].Role == ChatRole.User)
            {
                return messages[index];
            }
        }

        return null;
    }

    private static bool[] Pauses(List<ContextBlock> blocks, IReadOnlyList<ChatMessage> messages)
    {
        var pauses = new bool[blocks.Count];
        for (var i = 1; i < pauses.Length; i++)
        {
            var gap = messages[blocks[i].FirstMessage].CreatedAt - messages[blocks[i - 1].FirstMessage].CreatedAt;
            pauses[i] = gap > Pause;
        }

        return pauses;
    }

    /// <summary>What is sent when what was sent in the last call stays, and what is new is added.</summary>
    private static (ChatMessage?[] Sent, int[] Tokens) GoOn(Request request)
    {
        ChatMessage?[] sent = [.. request.Messages];
        var tokens = TokensOf(request.Facts);
        if (request.Earlier is { IsTrimmed: true } earlier)
        {
            for (var message = 0; message < earlier.Messages; message++)
            {
                tokens[message] = earlier.Tokens[message];
                sent[message] = earlier.IsLeftOut(message) ? null : earlier.Sent[message] ?? sent[message];
            }
        }

        return (sent, tokens);
    }

    /// <summary>Whether one of the blocks with the most in common with the question is among those that were left out.</summary>
    private static bool LacksWhatIsAsked(Request request, List<ContextBlock> blocks, double[] own)
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

    private bool Pays(Request request, int stableTotal, int[] stableTokens, BlockSelection selection, int total)
    {
        var furtherCalls =
            _furtherCalls
            ?? Math.Clamp(request.Messages.Count(message => message.Role == ChatRole.Assistant), LeastFurtherCalls, MostFurtherCalls);
        var economics = TrimEconomics.At(request.Price, furtherCalls);
        var (ifStable, ifTrimmed) = (0, 0);
        if (request.Earlier is { } earlier && _clock.GetElapsedTime(earlier.SentTimestamp) < _prefixLifetime)
        {
            ifStable = ifTrimmed = request.Fixed;
            var isSame = true;
            for (var message = 0; message < earlier.Messages; message++)
            {
                ifStable += stableTokens[message];
                isSame &= IsAsBefore(earlier, message, selection, request.Messages);
                ifTrimmed += isSame ? selection.Tokens[message] : 0;
            }
        }

        return economics.CostOf(total, ifTrimmed) < economics.CostOf(stableTotal, ifStable);
    }

    private static bool IsAsBefore(SentPlan earlier, int message, BlockSelection selection, IReadOnlyList<ChatMessage> messages)
    {
        var sent = selection.Sent[message];
        return earlier.IsLeftOut(message)
            ? sent is null
            : earlier.Tokens[message] == selection.Tokens[message]
                && ReferenceEquals(sent, messages[message]) == (earlier.Sent[message] is null);
    }

    private TrimmedContext Close(
        Request request,
        TrimOutcome outcome,
        ChatMessage?[] sent,
        int[] tokens,
        bool isTrimmed,
        List<ContextBlock>? blocks = null,
        double[]? scores = null,
        BlockFate[]? fates = null
    )
    {
        if (request.Chain is not null)
        {
            var copies = new ChatMessage?[sent.Length];
            for (var i = 0; i < copies.Length; i++)
            {
                copies[i] = ReferenceEquals(sent[i], request.Messages[i]) ? null : sent[i];
            }

            _conversations.Remember(request.Chain, new SentPlan(copies, tokens, isTrimmed, _clock.GetTimestamp()));
        }

        var after = request.Fixed + tokens.Sum();
        IReadOnlyList<ChatMessage> messages = isTrimmed ? [.. sent.OfType<ChatMessage>()] : request.Messages;
        var described = blocks is null
            ? []
            : blocks.Select((block, i) => Describe(block, tokens, sent, request, scores![i], fates?[i])).ToArray();
        return new TrimmedContext(messages, outcome, request.Before, after, request.Budget, described);
    }

    private static TrimmedBlock Describe(
        ContextBlock block,
        int[] tokens,
        ChatMessage?[] sent,
        Request request,
        double score,
        BlockFate? fate
    )
    {
        var tokensSent = block.Messages.Sum(message => tokens[message]);
        var became =
            fate
            ?? (
                block.IsPinned ? BlockFate.Pinned
                : sent[block.FirstMessage] is null ? BlockFate.LeftOut
                : block.Messages.TrueForAll(message => ReferenceEquals(sent[message], request.Messages[message])) ? BlockFate.Relevant
                : BlockFate.Shortened
            );
        return new TrimmedBlock(block.FirstMessage, block.Messages.Count, block.Tokens, tokensSent, became, score);
    }

    private static int[] TokensOf(MessageFacts[] facts) => Array.ConvertAll(facts, fact => fact.Tokens);

    private sealed record Request(
        IReadOnlyList<ChatMessage> Messages,
        MessageFacts[] Facts,
        int Fixed,
        int Budget,
        int HardLimit,
        ModelPrice? Price
    )
    {
        public int Before { get; } = Fixed + Facts.Sum(fact => fact.Tokens);

        public UInt128[]? Chain { get; init; }

        public SentPlan? Earlier { get; set; }
    }
}
