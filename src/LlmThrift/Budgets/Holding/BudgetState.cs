using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using LlmThrift.Metering;
using LlmThrift.Pricing;
using LlmThrift.Tokens;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace LlmThrift.Budgets;

/// <summary>What the pipelines of one registration share. Safe for concurrent use.</summary>
#pragma warning disable CA1001 // Lives as long as the pipelines that share it; its timer stops by itself when no call is under way.
internal sealed partial class BudgetState : ILateBills
#pragma warning restore CA1001
{
    private const int MaxWarned = 10_000;
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(250);

    private readonly BudgetRule[] _rules;
    private readonly BudgetFallback[] _fallbacks;
    private readonly PipelineServices _services;
    private readonly PriceBook _prices;
    private readonly RequestTokenCounter _counter;
    private readonly LedgerAccess _ledger;
    private readonly BudgetQueue _queue;
    private readonly HashSet<(string Budget, string Group, long Turn, double Share)> _warned = [];
    private readonly Lock _warnedGate = new();
    private readonly int _minOutput;
    private readonly int _defaultOutput;
    private readonly double _margin;
    private readonly string? _cacheOnlyAnswer;
    private readonly TimeSpan _maxQueueTime;
    private readonly UnknownPriceHandling _unknownPrice;
    private readonly ModelPrice? _assumedPrice;
    private readonly bool _allowsWhenLedgerFails;
    private readonly Action<BudgetWarning>? _onWarning;

    public BudgetState(BudgetOptions options, PipelineServices services)
    {
        var ledger = options.Ledger ?? services.Find<IBudgetLedger>() ?? new InMemoryBudgetLedger(services.Clock);
        var problems = new OptionsProblems();
        options.Validate(problems);
        problems.AddIf(
            ledger is not InMemoryBudgetLedger && options.WhenLedgerFails is null,
            $"Budgets.WhenLedgerFails is not set, and the ledger ({ledger.GetType().Name}) lies outside of the process: choose Allow, so that calls go through unchecked while it cannot be "
                + "reached, or Refuse, so that none does."
        );
        problems.ThrowIfAny();
        _services = services;
        _rules = [.. options.Limits.Select(budget => new BudgetRule(budget))];
        _fallbacks = [.. options.WhenExceeded];
        _prices = options.Prices ?? PriceBook.Embedded;
        _counter = options.TokenCounter ?? RequestTokenCounter.Default;
        _ledger = new LedgerAccess(ledger, options.LedgerTimeout, options.Lease, services);
        _queue = new BudgetQueue(options.MaxQueued);
        (_minOutput, _defaultOutput, _margin) = (options.MinOutputTokens, options.DefaultMaxOutputTokens, options.EstimateMargin);
        (_cacheOnlyAnswer, _maxQueueTime) = (options.CacheOnlyAnswer, options.MaxQueueTime);
        (_unknownPrice, _assumedPrice) = (options.UnknownPrice, options.AssumedPrice);
        _allowsWhenLedgerFails = options.WhenLedgerFails == LedgerFailureHandling.Allow;
        _onWarning = options.OnWarning;
        Manager = new BudgetManager(this, _ledger);
    }

    public BudgetManager Manager { get; }

    public IReadOnlyList<BudgetRule> Rules => _rules;

    public PipelineServices Services => _services;

    public HelperFailures Failures => _services.Failures;

    public TimeProvider Clock => _services.Clock;

    public ILogger Logger => _services.Logger;

    /// <summary>Takes from the budgets what the call may cost at most.</summary>
    /// <exception cref="BudgetExceededException">It does not fit, whatever was tried.</exception>
    /// <exception cref="BudgetPriceMissingException">A price is not known, and that is not to be.</exception>
    /// <exception cref="BudgetLedgerUnavailableException">The ledger could not be asked, and that is not to be.</exception>
    public async ValueTask<BudgetHold> HoldAsync(
        IReadOnlyList<ChatMessage> messages,
        CallOptions call,
        IPossibleModels models,
        CancellationToken cancellationToken
    )
    {
        call.Context.AllowedTiers = ulong.MaxValue;
        if (call.Context.Meter is { LateBills: null } meter)
        {
            meter.LateBills = this;
        }

        var rules = RulesOf(call.Context.Tags);
        if (rules.Length == 0)
        {
            return new BudgetHold { Options = call };
        }

        var request = new BudgetRequest(this, rules, messages, call, models);
        var fallback = 0;
        var isQueued = false;
        var deadline = default(DateTimeOffset);
        try
        {
            while (true)
            {
                var wake = isQueued ? _queue.NextWake() : null;
                if (await TryAsync(request, cancellationToken).ConfigureAwait(false) is { } hold)
                {
                    return hold;
                }

                if (isQueued)
                {
                    if (await WaitAsync(request, wake!, deadline, cancellationToken).ConfigureAwait(false))
                    {
                        continue;
                    }

                    _queue.Leave();
                    isQueued = false;
                    fallback++;
                }

                switch (fallback < _fallbacks.Length ? _fallbacks[fallback] : (BudgetFallback?)null)
                {
                    case BudgetFallback.CheaperTier:
                        if (!request.LeaveOutTheDearest())
                        {
                            request.TakeAllBack();
                            fallback++;
                        }

                        break;
                    case BudgetFallback.Queue:
                        isQueued = _queue.TryEnter();
                        fallback += isQueued ? 0 : 1;
                        deadline = Clock.GetUtcNow() + _maxQueueTime;
                        break;
                    case BudgetFallback.CacheOnly when _cacheOnlyAnswer is { } answer:
                        call.Context.Note(CostStages.Budgets, "cache_only");
                        call.Context.IsBilledElsewhere = true;
                        return new BudgetHold { Options = call, Answer = answer };
                    case BudgetFallback.CacheOnly:
                        fallback++;
                        break;
                    default:
                        call.Context.Note(CostStages.Budgets, "refused");
                        throw request.Exceeded();
                }
            }
        }
        finally
        {
            if (isQueued)
            {
                _queue.Leave();
            }
        }
    }

    /// <summary>Gives back what was held, and writes down what the call has cost. Never throws.</summary>
    public async ValueTask SettleAsync(BudgetHold hold)
    {
        if (hold.Claims.Length == 0)
        {
            return;
        }

        var postings = BudgetPostings.Of(hold, hold.Options.Context.TakeUnbudgeted(), _assumedPrice);
        await _ledger.SettleAsync(hold.Id, postings).ConfigureAwait(false);
        _queue.Wake();
        Warn(hold, postings);
    }

    /// <summary>Writes down what a call has cost beyond what it held: helpers of stages further out, and work after its end.</summary>
    public void Take(CallAttempt[] attempts, CallTags tags)
    {
        var now = Clock.GetUtcNow();
        var postings = new List<BudgetPosting>();
        foreach (var rule in _rules)
        {
            if (rule.Unit != BudgetUnit.Calls && rule.Covers(tags))
            {
                BudgetPostings.AddLate(postings, rule, rule.SpanAt(now).Slice, tags, attempts, _assumedPrice);
            }
        }

        if (postings.Count > 0)
        {
            // Nobody waits for it: a failure is tried again there.
            _ = _ledger.SettleAsync(Guid.CreateVersion7(Clock.GetUtcNow()), postings).AsTask();
        }
    }

    /// <summary>The price, or what stands in for it.</summary>
    public ModelPrice? PriceOf(PossibleModel model, DateTimeOffset at) =>
        _prices.FindOrNull(model.Model, model.Provider, at) ?? (_unknownPrice == UnknownPriceHandling.AssumePrice ? _assumedPrice : null);

    public bool RefusesUnknownPrices => _unknownPrice == UnknownPriceHandling.Refuse;

    public int DefaultOutput => _defaultOutput;

    public int MinOutput => _minOutput;

    public long InputTokensOf(IReadOnlyList<ChatMessage> messages, CallOptions call, string? model)
    {
        var count = _counter.CountRequest(messages, call, model);
        return count.IsEstimate ? (long)Math.Ceiling(count.Tokens * (1 + _margin)) : count.Tokens;
    }

    private BudgetRule[] RulesOf(CallTags tags)
    {
        foreach (var rule in _rules)
        {
            if (!rule.Covers(tags))
            {
                return Array.FindAll(_rules, candidate => candidate.Covers(tags));
            }
        }

        return _rules;
    }

    /// <summary>Reserves, with a shorter answer where that helps; null when it does not fit.</summary>
    private async ValueTask<BudgetHold?> TryAsync(BudgetRequest request, CancellationToken cancellationToken)
    {
        request.Begin();
        if (request.IsRough && !request.IsHopeful)
        {
            request.Count();
        }

        if (request.Claims.Length == 0)
        {
            // The budgets are of other models: there is nothing to hold, and nothing that would have to be given back.
            return new BudgetHold { Options = request.Call };
        }

        while (true)
        {
            var id = Guid.CreateVersion7(Clock.GetUtcNow());
            BudgetReservationResult result;
            try
            {
                result = await _ledger.ReserveAsync(id, request.Claims, cancellationToken).ConfigureAwait(false);
            }
            catch (LedgerFailedException exception)
            {
                request.Call.Context.Note(CostStages.Budgets, "ledger_failed", passedBy: true);
                return _allowsWhenLedgerFails
                    ? request.ToHold(id, [])
                    : throw new BudgetLedgerUnavailableException(exception.InnerException!);
            }

            if (result.IsGranted)
            {
                return request.ToHold(id, result.Balances);
            }

            if (request.IsRough)
            {
                request.Count();
            }
            else if (!request.Shorten(result.Balances))
            {
                return null;
            }
        }
    }

    /// <summary>Waits until something may be free; false when the time is over.</summary>
    private async ValueTask<bool> WaitAsync(BudgetRequest request, Task wake, DateTimeOffset deadline, CancellationToken cancellationToken)
    {
        var now = Clock.GetUtcNow();
        var until = request.FreesAt is { } freesAt && freesAt > now && freesAt < deadline ? freesAt : deadline;
        if (!_ledger.IsInProcess && until - now > PollInterval)
        {
            // What other processes give back nobody says.
            until = now + PollInterval;
        }

        if (deadline <= now)
        {
            return false;
        }

        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(wake, Task.Delay(until - now, Clock, giveUp.Token)).ConfigureAwait(false);
        await giveUp.CancelAsync().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return true;
    }

    private void Warn(BudgetHold hold, List<BudgetPosting> postings)
    {
        if (hold.Balances.Count == 0)
        {
            return;
        }

        for (var index = 0; index < hold.Claims.Length; index++)
        {
            var (claim, rule) = (hold.Claims[index], hold.Rules[index]);
            if (rule.Budget.WarnAt.Count == 0)
            {
                continue;
            }

            var spent = hold.Balances[index].Spent;
            foreach (var posting in postings)
            {
                spent += posting.Budget == claim.Budget && posting.Group == claim.Group ? posting.Amount : 0m;
            }

            var limit = rule.LimitOf(hold.Options.Context.Tags, ReportLimitFailure);
            foreach (var share in rule.Budget.WarnAt)
            {
                if (limit > 0m && spent >= limit * (decimal)share)
                {
                    WarnOnce(rule, claim, share, limit, spent);
                }
            }
        }
    }

    public void ReportLimitFailure(Exception exception) => Failures.Report("budget limit", exception);

    private void WarnOnce(BudgetRule rule, in BudgetClaim claim, double share, decimal limit, decimal spent)
    {
        lock (_warnedGate)
        {
            if (_warned.Count >= MaxWarned)
            {
                _warned.Clear();
            }

            if (!_warned.Add((claim.Budget, claim.Group, rule.SpanAt(Clock.GetUtcNow()).Turn, share)))
            {
                return;
            }
        }

        LogWarning(Logger, rule.Name, rule.Unit, share, limit, spent);
        try
        {
            _onWarning?.Invoke(new BudgetWarning(rule.Name, claim.Group, rule.Unit, share, limit, spent, claim.WindowStart));
        }
        catch (Exception exception)
        {
            Failures.Report("budget warning", exception);
        }
    }

    [LoggerMessage(
        50,
        LogLevel.Warning,
        "An account of the budget {Budget} has reached {Share:P0} of its limit: {Spent} of {Limit} ({Unit})."
    )]
    private static partial void LogWarning(ILogger logger, string budget, BudgetUnit unit, double share, decimal limit, decimal spent);
}
