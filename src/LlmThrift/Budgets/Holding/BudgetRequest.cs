using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using Microsoft.Extensions.AI;

namespace LlmThrift.Budgets;

/// <summary>A call on its way through the budgets: what it claims, and what is still to be tried. Not safe for concurrent use.</summary>
internal sealed class BudgetRequest
{
    private readonly BudgetState _state;
    private readonly BudgetRule[] _rules;
    private readonly IReadOnlyList<ChatMessage> _messages;
    private readonly IPossibleModels _models;
    private readonly WorstCase[] _allCases;
    private readonly int? _wanted;
    private WorstCase[] _cases;
    private ulong? _capable;
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
        var needsLength = Array.Exists(rules, rule => rule.BoundsLength);
        _wanted = call.MaxOutputTokens ?? (needsLength ? state.DefaultOutput : null);
        _allCases = CasesOf(models.For(call), needsLength);
        _cases = _allCases;
    }

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

    private WorstCase[] CasesOf(IReadOnlyList<PossibleModel> models, bool needsLength)
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

                Call.Context.Note(CostStages.Budgets, "unpriced", passedBy: true);
            }

            cases[index] = new WorstCase(
                model,
                needsLength ? known?.InputTokens ?? _state.InputTokensOf(_messages, Call, model.Model) : 0,
                price
            );
        }

        return cases;
    }

    private void Claim()
    {
        var now = _state.Clock.GetUtcNow();
        var tags = Call.Context.Tags;
        var claims = new List<BudgetClaim>(_rules.Length);
        var rules = new List<BudgetRule>(_rules.Length);
        var models = new List<string?>(_rules.Length);
        foreach (var rule in _rules)
        {
            var span = rule.SpanAt(now);
            var limit = rule.IsSoft ? decimal.MaxValue : rule.LimitOf(tags, _state.ReportLimitFailure);
            if (!rule.IsOfModels)
            {
                claims.Add(
                    new BudgetClaim(
                        rule.Name,
                        rule.GroupOf(tags, null),
                        span.Slice,
                        span.WindowStart,
                        limit,
                        AmountOf(rule, _cases, _models.Attempts)
                    )
                );
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

                claims.Add(
                    new BudgetClaim(rule.Name, name, span.Slice, span.WindowStart, limit, AmountOf(rule, [.. group], _models.Attempts))
                );
                rules.Add(rule);
                models.Add(group.Key);
            }
        }

        (Claims, _ruleOfClaim, _modelOfClaim) = ([.. claims], [.. rules], [.. models]);
    }

    private decimal AmountOf(BudgetRule rule, WorstCase[] cases, int attempts)
    {
        if (rule.IsSoft)
        {
            return 0m;
        }

        var output = _output ?? 0;
        return rule.Unit switch
        {
            BudgetUnit.Calls => 1m,
            BudgetUnit.Tokens => WorstCase.MostOf(cases, attempts, single => single.TokensWith(output)),
            _ => WorstCase.MostOf(cases, attempts, single => single.CostWith(output)),
        };
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
