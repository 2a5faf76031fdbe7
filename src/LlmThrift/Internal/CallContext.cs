using LlmThrift.Metering;
using LlmThrift.Pricing;
using Microsoft.Extensions.AI;

namespace LlmThrift.Internal;

/// <summary>
/// The state of one call of the app: what the app asked of the stages, and what the stages did. Stages may write from several threads.
/// </summary>
internal sealed class CallContext
{
    private readonly Lock _gate = new();
    private Dictionary<string, object?>? _directives;
    private List<CallAttempt>? _attempts;
    private List<StageStep>? _steps;
    private List<StageNote>? _notes;

    public CallTags Tags { get; private set; }

    /// <summary>True between a cost meter's opening and closing of this call's record.</summary>
    public bool IsMetered { get; set; }

    /// <summary>The meter that opened the record of this call; null for none.</summary>
    public CallMeter? Meter { get; set; }

    /// <summary>True for work that a stage does for itself: no app asked for it, so it has a cost and no baseline.</summary>
    public bool IsUpkeep { get; private init; }

    /// <summary>True once the record of this call is closed.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>True when another call pays for the work that this one asked for, or nobody, as no provider was asked.</summary>
    public bool IsBilledElsewhere { get; set; }

    public ServedAnswer? Served { get; private set; }

    /// <summary>A text of the request that a stage has embedded, for others that need it too; null for none.</summary>
    public SharedEmbedding? Embedding { get; set; }

    /// <summary>Which tier was asked, and why; null where nothing was routed.</summary>
    public RoutingDecision? Routing { get; set; }

    /// <summary>The tiers that the call may be sent to, as bits of their positions; all by default.</summary>
    public ulong AllowedTiers { get; set; } = ulong.MaxValue;

    /// <summary>Ends when what this call may have to pay for is known; null or completed when it is known already.</summary>
    public Task? PendingBill { get; set; }

    /// <summary>Takes what the app asked of the stages out of the properties that would go on to the provider.</summary>
    public void TakeFrom(AdditionalPropertiesDictionary properties)
    {
        List<string>? taken = null;
        foreach (var (name, value) in properties)
        {
            if (name.StartsWith(CallDirectives.Prefix, StringComparison.Ordinal))
            {
                (_directives ??= []).Add(name, value);
                (taken ??= []).Add(name);
            }
        }

        foreach (var name in taken ?? [])
        {
            properties.Remove(name);
        }

        Tags = new CallTags(
            Directive<string>(CallDirectives.Tenant),
            Directive<string>(CallDirectives.Feature),
            Directive<string>(CallDirectives.User)
        );
    }

    /// <summary>What the app asked under a name; the default of <typeparamref name="T"/> when it asked nothing.</summary>
    public T? Directive<T>(string name) =>
        _directives is not null && _directives.TryGetValue(name, out var value) && value is T typed ? typed : default;

    public void Close() => (IsMetered, IsClosed) = (false, true);

    /// <summary>A fresh context that asks the same of the stages.</summary>
    public CallContext ForNextCall() => new() { Tags = Tags, _directives = _directives };

    /// <summary>A context for work done on behalf of several calls: it asks the same of the stages, and has a ledger of its own.</summary>
    public CallContext ForSharedWork() =>
        new()
        {
            Tags = Tags,
            _directives = _directives,
            IsMetered = true,
            Meter = Meter,
            Embedding = Embedding,
            AllowedTiers = AllowedTiers,
        };

    /// <summary>A context for what a stage does for itself after this call: the same tags, a ledger of its own.</summary>
    public CallContext ForUpkeep() =>
        new()
        {
            Tags = Tags,
            IsMetered = true,
            Meter = Meter,
            IsUpkeep = true,
        };

    public void Add(CallAttempt attempt)
    {
        lock (_gate)
        {
            (_attempts ??= []).Add(attempt);
        }
    }

    /// <summary>How many attempts there are: a mark for <see cref="LastAttemptBetween"/> and <see cref="ChargeTo"/>.</summary>
    public int CountOfAttempts
    {
        get
        {
            lock (_gate)
            {
                return _attempts?.Count ?? 0;
            }
        }
    }

    /// <summary>The last attempt at the answer between two marks; null when none was billed there.</summary>
    public CallAttempt? LastAttemptBetween(int start, int end)
    {
        lock (_gate)
        {
            return _attempts?.GetRange(start, end - start).FindLast(static attempt => !attempt.IsHelper);
        }
    }

    /// <summary>Charges the attempts at the answer between two marks to a stage that made another one after them: the answer is not theirs.</summary>
    public void ChargeTo(string stage, int start, int end)
    {
        lock (_gate)
        {
            for (var index = start; index < end; index++)
            {
                if (!_attempts![index].IsHelper)
                {
                    _attempts[index] = _attempts[index] with { Stage = stage, IsHelper = true };
                }
            }
        }
    }

    /// <summary>The attempts that no budget has been told of yet; from now on, one has.</summary>
    public CallAttempt[] TakeUnbudgeted()
    {
        lock (_gate)
        {
            var count = 0;
            foreach (var attempt in _attempts ?? [])
            {
                count += attempt.IsBudgeted ? 0 : 1;
            }

            if (count == 0)
            {
                return [];
            }

            var taken = new CallAttempt[count];
            foreach (var attempt in _attempts!)
            {
                if (!attempt.IsBudgeted)
                {
                    attempt.IsBudgeted = true;
                    taken[^count--] = attempt;
                }
            }

            return taken;
        }
    }

    public void Add(StageStep step)
    {
        lock (_gate)
        {
            (_steps ??= []).Add(step);
        }
    }

    public void Note(string stage, string reason, bool passedBy = false)
    {
        lock (_gate)
        {
            (_notes ??= []).Add(new StageNote(stage, reason, passedBy));
        }
    }

    public void ServeFrom(ServedAnswer answer)
    {
        lock (_gate)
        {
            Served = answer;
        }
    }

    /// <summary>Takes over what <paramref name="shared"/> work cost, how it changed the request, and who answered in the provider's place.</summary>
    public void Adopt(CallContext shared)
    {
        var (attempts, steps, notes) = shared.Snapshot();
        lock (_gate)
        {
            (_attempts ??= []).AddRange(attempts);
            (_steps ??= []).AddRange(steps);
            (_notes ??= []).AddRange(notes);
            Served ??= shared.Served;
            Routing ??= shared.Routing;
            IsBilledElsewhere |= shared.IsBilledElsewhere;
        }
    }

    public (CallAttempt[] Attempts, StageStep[] Steps, StageNote[] Notes) Snapshot()
    {
        lock (_gate)
        {
            return (_attempts?.ToArray() ?? [], _steps?.ToArray() ?? [], _notes?.ToArray() ?? []);
        }
    }

    /// <summary>The tokens of the last attempt, and the model, as the app asked for them: before stages took tokens out or chose a model.</summary>
    public (TokenUsage Usage, string? Model, bool IsEstimated)? LastAttemptAsSent()
    {
        lock (_gate)
        {
            if (_attempts?.FindLast(static attempt => !attempt.IsHelper) is not { } attempt)
            {
                return null;
            }

            var (usage, model) = (attempt.Usage, attempt.Model);
            if (_steps is { Count: > 0 } steps)
            {
                usage = usage with
                {
                    InputTokens = usage.InputTokens + steps.Sum(step => step.RemovedInputTokens),
                    OutputTokens = usage.OutputTokens + steps.Sum(step => step.RemovedOutputTokens),
                };
                model = steps.Find(step => step.ModelBefore is not null).ModelBefore ?? model;
            }

            return (usage, model, attempt.IsEstimated);
        }
    }
}
