using System.Text;
using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using Microsoft.Extensions.AI;

namespace LlmThrift.Budgets;

/// <summary>A call on its way through the budgets: what it claims, and what is still to be tried. Not safe for concurrent use.</summary>
/// <remarks>
/// Counting the tokens of a long prompt takes longer than all else that budgets do. A prompt has at most as many tokens as bytes; where there is room for ten thousand calls of that size, it is
/// taken for its size, and not counted. Only where it is tighter than that does the difference keep a call out.
/// </remarks>
internal sealed class BudgetRequest
{
    private const decimal AmpleRoom = 10_000m;
    private const int BytesOfAMessage = 16;

    private readonly BudgetState _state;
    private readonly BudgetRule[] _rules;
    private readonly IReadOnlyList<ChatMessage> _messages;
    private readonly IPossibleModels _models;
    private readonly bool _needsLength;
    private readonly int? _wanted;
    private WorstCase[] _allCases;
    private WorstCase[] _cases;
    private ulong? _capable;
    private bool _hasNoted;
    private int? _output;
    private BudgetRule[] _ruleOfClaim = [];
    private string?[] _modelOfClaim = [];
    private IReadOnlyList<BudgetBalance> _balances = [];

    public BudgetRequest(
        BudgetState state,
        BudgetRule[] rules,
        IReadOnlyList<ChatMessage> messages,
        CallOptions call,
        IPossibleModels models
    )
    {
        (_state, _rules, _messages, _models, Call) = (state, rules, messages, models, call);
        _needsLength = Array.Exists(rules, rule => rule.BoundsLength);
        _wanted = call.MaxOutputTokens ?? (_needsLength ? state.DefaultOutput : null);
        var most = _needsLength ? MostTokensOf(messages, call) : null;
        IsRough = most is not null;
        _allCases = CasesOf(models.For(call), most);
        _cases = _allCases;
    }

    /// <summary>Whether the prompt is taken for its size in bytes, under limits so low that this keeps no other call out.</summary>
    public bool IsRough { get; private set; }

    public CallOptions Call { get; }

    public BudgetClaim[] Claims { get; private set; } = [];

    /// <summary>When something of what the call did not fit into may be free.</summary>
    public DateTimeOffset? FreesAt
    {
        get
        {
            var refused = Refused();
            return refused < 0 ? null : _ruleOfClaim[refused].SpanAt(_state.Clock.GetUtcNow()).FreesAt;
        }
    }

    /// <summary>Begins a try, with as long an answer as the call may have.</summary>
    public void Begin()
    {
        _output = _wanted;
        Claim();
    }

    /// <summary>Whether a rough claim has a chance at all.</summary>
    public bool IsHopeful => !Array.Exists(Claims, claim => claim.Limit < 0m);

    /// <summary>Counts the prompt.</summary>
    public void Count()
    {
        IsRough = false;
        _allCases = CasesOf(_models.For(Call), most: null);
        _cases = _allCases;
        Begin();
    }

    /// <summary>Makes the answer as short as what is left pays for; false when that is too short, or when length is not what is lacking.</summary>
    public bool Shorten(IReadOnlyList<BudgetBalance> balances)
    {
        _balances = balances;
        if (_output is not { } output || output <= _state.MinOutput)
        {
            return false;
        }

        for (var index = 0; index < Claims.Length; index++)
        {
            if (!Fits(index) && !_ruleOfClaim[index].BoundsLength)
            {
                return false;
            }
        }

        var (least, most) = (_state.MinOutput, output - 1);
        if (!FitsWith(least))
        {
            return false;
        }

        while (least < most)
        {
            var middle = most - ((most - least) / 2);
            (least, most) = FitsWith(middle) ? (middle, most) : (least, middle - 1);
        }

        _output = least;
        Claim();
        return true;
    }

    /// <summary>Goes on without the dearest tier; false when no other one can serve the request.</summary>
    public bool LeaveOutTheDearest()
    {
        if (_cases.Length < 2)
        {
            return false;
        }

        _capable ??= _models.CapableTiers(_messages, Call);
        var able = Array.FindAll(_cases, single => (_capable.Value & (1UL << (single.Model.Tier & 63))) != 0);
        if (able.Length is > 0 && able.Length < _cases.Length)
        {
            // Those that cannot serve it are left out first: they may have been the dearest.
            _cases = able;
            return true;
        }

        var dearest = able.MaxBy(CostOf) ?? _cases[0];
        var left = Array.FindAll(able, single => CostOf(single) < CostOf(dearest));
        if (left.Length == 0)
        {
            return false;
        }

        _cases = left;
        return true;
    }

    public void TakeAllBack() => _cases = _allCases;

    public BudgetHold ToHold(Guid id, IReadOnlyList<BudgetBalance> balances)
    {
        var options = Call;
        if (_output is { } output && output != Call.MaxOutputTokens)
        {
            options = (CallOptions)Call.Clone();
            options.MaxOutputTokens = output;
            if (output < _wanted)
            {
                Call.Context.Note(CostStages.Budgets, "shortened");
            }
        }

        if (_cases.Length < _allCases.Length)
        {
            Call.Context.AllowedTiers = _cases.Aggregate(0UL, (tiers, single) => tiers | (1UL << (single.Model.Tier & 63)));
            Call.Context.Note(CostStages.Budgets, "cheaper_tier");
        }

        return new BudgetHold
        {
            Options = options,
            Id = id,
            Claims = Claims,
            Rules = _ruleOfClaim,
            Models = _modelOfClaim,
            Balances = balances,
        };
    }

    public BudgetExceededException Exceeded()
    {
        var refused = Math.Max(0, Refused());
        var (claim, balance) = (Claims[refused], _balances[refused]);
        return new BudgetExceededException(
            claim.Budget,
            claim.Group,
            _ruleOfClaim[refused].Unit,
            claim.Limit,
            balance.Spent,
            balance.Reserved,
            FreesAt
        );
    }

    /// <summary>The most tokens that the prompt can have; null where it is not text alone.</summary>
    private static long? MostTokensOf(IReadOnlyList<ChatMessage> messages, CallOptions call)
    {
        if (call.Tools is { Count: > 0 } || call.ResponseFormat is not null)
        {
            return null;
        }

        var bytes =
            BytesOfAMessage
            + (call.Instructions is { } instructions ? BytesOfAMessage + (long)Encoding.UTF8.GetByteCount(instructions) : 0);
        foreach (var message in messages)
        {
            bytes += BytesOfAMessage + (message.AuthorName is { } name ? 4L * name.Length : 0);
            foreach (var content in message.Contents)
            {
                if (content is not TextContent text)
                {
                    return null;
                }

                bytes += Encoding.UTF8.GetByteCount(text.Text);
            }
        }

        return bytes;
    }

    private WorstCase[] CasesOf(IReadOnlyList<PossibleModel> models, long? most)
    {
        var cases = new WorstCase[models.Count];
        var now = _state.Clock.GetUtcNow();
        var inDollars = Array.Find(_rules, rule => rule.Unit == BudgetUnit.UsDollars && !rule.IsSoft);
        for (var index = 0; index < cases.Length; index++)
        {
            var model = models[index];
            var known = index > 0 && models[index - 1].Model == model.Model ? cases[index - 1] : null;
            var price = inDollars is null ? null : known?.Price ?? _state.PriceOf(model, now);
            if (inDollars is not null && price is not { Input: not null, Output: not null })
            {
                if (_state.RefusesUnknownPrices)
                {
                    throw new BudgetPriceMissingException(inDollars.Name, model.Model, model.Provider);
                }

                if (!_hasNoted)
                {
                    _hasNoted = true;
                    Call.Context.Note(CostStages.Budgets, "unpriced", passedBy: true);
                }
            }

            cases[index] = new WorstCase(
                model,
                _needsLength ? most ?? known?.InputTokens ?? _state.InputTokensOf(_messages, Call, model.Model) : 0,
                price
            );
        }

        return cases;
    }

    private void Claim()
    {
        var now = _state.Clock.GetUtcNow();
        var tags = Call.Context.Tags;
        if (!Array.Exists(_rules, rule => rule.IsOfModels))
        {
            // Nearly always: one claim a rule, and no lists.
            var plain = new BudgetClaim[_rules.Length];
            for (var index = 0; index < plain.Length; index++)
            {
                var rule = _rules[index];
                plain[index] = ClaimOf(rule, rule.GroupOf(tags, null), rule.SpanAt(now), LimitOf(rule), _cases);
            }

            (Claims, _ruleOfClaim, _modelOfClaim) = (plain, _rules, []);
            return;
        }

        var claims = new List<BudgetClaim>(_rules.Length);
        var rules = new List<BudgetRule>(_rules.Length);
        var models = new List<string?>(_rules.Length);
        foreach (var rule in _rules)
        {
            var span = rule.SpanAt(now);
            var limit = LimitOf(rule);
            if (!rule.IsOfModels)
            {
                claims.Add(ClaimOf(rule, rule.GroupOf(tags, null), span, limit, _cases));
                rules.Add(rule);
                models.Add(null);
                continue;
            }

            foreach (var group in _cases.Where(single => rule.CoversModel(single.Model.Model)).GroupBy(single => single.Model.Model))
            {
                var name = rule.GroupOf(tags, group.Key);
                if (claims.Exists(claim => claim.Budget == rule.Name && claim.Group == name))
                {
                    continue;
                }

                claims.Add(ClaimOf(rule, name, span, limit, [.. group]));
                rules.Add(rule);
                models.Add(group.Key);
            }
        }

        (Claims, _ruleOfClaim, _modelOfClaim) = ([.. claims], [.. rules], [.. models]);
    }

    private decimal LimitOf(BudgetRule rule) => rule.IsSoft ? decimal.MaxValue : rule.LimitOf(Call.Context.Tags, _state.ReportLimitFailure);

    private BudgetClaim ClaimOf(BudgetRule rule, string group, in BudgetSpan span, decimal limit, WorstCase[] cases)
    {
        var amount = AmountOf(rule, cases, _models.Attempts);
        if (IsRough && rule.BoundsLength)
        {
            limit -= AmpleRoom * amount;
        }

        return new BudgetClaim(rule.Name, group, span.Slice, span.WindowStart, limit, amount);
    }

    private decimal AmountOf(BudgetRule rule, WorstCase[] cases, int attempts)
    {
        if (rule.IsSoft)
        {
            return 0m;
        }

        return rule.Unit == BudgetUnit.Calls ? 1m : WorstCase.MostOf(cases, attempts, rule.Unit, _output ?? 0);
    }

    private decimal CostOf(WorstCase single) => single.Price is null ? 0m : single.CostWith(_wanted ?? _state.DefaultOutput);

    private bool FitsWith(int output)
    {
        (var kept, _output) = (_output, output);
        try
        {
            for (var index = 0; index < Claims.Length; index++)
            {
                var (claim, rule) = (Claims[index], _ruleOfClaim[index]);
                var cases = rule.IsOfModels ? Array.FindAll(_cases, single => single.Model.Model == _modelOfClaim[index]) : _cases;
                if (
                    claim.Limit != decimal.MaxValue
                    && _balances[index].Spent + _balances[index].Reserved + AmountOf(rule, cases, _models.Attempts) > claim.Limit
                )
                {
                    return false;
                }
            }

            return true;
        }
        finally
        {
            _output = kept;
        }
    }

    private bool Fits(int index) =>
        Claims[index].Limit == decimal.MaxValue
        || _balances[index].Spent + _balances[index].Reserved + Claims[index].Amount <= Claims[index].Limit;

    private int Refused()
    {
        for (var index = 0; index < _balances.Count && index < Claims.Length; index++)
        {
            if (!Fits(index))
            {
                return index;
            }
        }

        return -1;
    }
}
