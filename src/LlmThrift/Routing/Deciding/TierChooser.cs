using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using LlmThrift.Metering;

namespace LlmThrift.Routing;

/// <summary>Chooses a tier: what the app asked for, else the first rule that is met, else the app's router, else the policy, else the default; then one that can serve the request.</summary>
internal sealed class TierChooser
{
    /// <summary>Of the answer, when the call does not say how long it may be.</summary>
    private const int ExpectedOutput = 1_000;

    private readonly IReadOnlyList<TierClient> _tiers;
    private readonly ModelTier[] _all;
    private readonly RoutingRule[] _rules;
    private readonly IModelRouter? _router;
    private readonly int _default;
    private readonly int?[] _windows;
    private readonly PolicyRouter? _policy;
    private readonly HelperFailures _failures;

    public TierChooser(
        IReadOnlyList<TierClient> tiers,
        ModelRoutingOptions options,
        int?[] windows,
        PolicyRouter? policy,
        HelperFailures failures
    )
    {
        _tiers = tiers;
        _all = [.. tiers.Select(tier => tier.Tier)];
        _rules = [.. options.Rules];
        _router = options.Router;
        _windows = windows;
        _policy = policy;
        _failures = failures;
        _default = options.DefaultTier is null ? tiers.Count - 1 : Find(options.DefaultTier);
    }

    /// <summary>Chooses.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="asked">The tier that the app named for this call; null for none.</param>
    /// <param name="call">The call's state.</param>
    /// <param name="cancellationToken">Cancels the app's router, and waiting for an embedding.</param>
    /// <exception cref="InvalidOperationException">There is no tier of the name that the app asked for.</exception>
    public async ValueTask<TierChoice> ChooseAsync(
        RoutingRequest request,
        string? asked,
        CallContext call,
        CancellationToken cancellationToken
    )
    {
        if (asked is not null)
        {
            return Find(asked) is var named and >= 0
                ? new TierChoice(named, RoutingReason.Asked)
                : throw new InvalidOperationException(
                    $"The call asks for the tier \"{asked}\", which there is not: the tiers are {string.Join(", ", _all.Select(tier => $"\"{tier.Name}\""))}."
                );
        }

        var wanted = Array.Find(_rules, rule => IsMet(rule, request)) is { } met
            ? new TierChoice(Find(met.Tier), RoutingReason.Rule, met.NameOrKind)
            : await RouteAsync(request, cancellationToken).ConfigureAwait(false)
                ?? (_policy is null ? null : await _policy.ChooseAsync(request, call, cancellationToken).ConfigureAwait(false))
                ?? new TierChoice(_default, RoutingReason.Default);
        return Capable(wanted, request);
    }

    /// <summary>The next tier that is stronger and can serve the request; -1 for none.</summary>
    public int NextAfter(int tier, RoutingRequest request)
    {
        do
        {
            tier++;
        } while (tier < _tiers.Count && !CanServe(tier, request));
        return tier < _tiers.Count ? tier : -1;
    }

    public bool CanServe(int tier, RoutingRequest request)
    {
        var candidate = _all[tier];
        return request.Allows(tier)
            && (candidate.SupportsTools || !request.NeedsTools)
            && (candidate.SupportsVision || !request.NeedsVision)
            && (candidate.SupportsJson || !request.NeedsJson)
            && (candidate.Languages.Count == 0 || Scripts.MayBeIn(request.Question, candidate.Languages))
            && (_windows[tier] is not { } window || request.Fits(window, request.Options.MaxOutputTokens ?? ExpectedOutput))
            && (candidate.CanServe is not { } says || Ask(() => says(request), otherwise: true));
    }

    private int Find(string name) => Array.FindIndex(_all, tier => string.Equals(tier.Name, name, StringComparison.OrdinalIgnoreCase));

    private async ValueTask<TierChoice?> RouteAsync(RoutingRequest request, CancellationToken cancellationToken)
    {
        if (_router is null)
        {
            return null;
        }

        try
        {
            var capable = Array.FindAll(_all, tier => CanServe(Array.IndexOf(_all, tier), request));
            var name = await _router.ChooseAsync(request, capable.Length == 0 ? _all : capable, cancellationToken).ConfigureAwait(false);
            if (name is null)
            {
                return null;
            }

            return Find(name) is var found and >= 0
                ? new TierChoice(found, RoutingReason.Router)
                : throw new InvalidOperationException("The router named a tier that there is not.");
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            _failures.Report("model router", exception);
            return null;
        }
    }

    /// <summary>The tier that was chosen if it can serve the request, else the next stronger one that can, else the strongest weaker one.</summary>
    private TierChoice Capable(TierChoice wanted, RoutingRequest request)
    {
        if (CanServe(wanted.Tier, request))
        {
            return wanted;
        }

        var reason = request.Allows(wanted.Tier) ? RoutingReason.Capability : RoutingReason.Budget;
        var instead = NextAfter(wanted.Tier, request);
        for (var tier = wanted.Tier - 1; instead < 0 && tier >= 0; tier--)
        {
            instead = CanServe(tier, request) ? tier : -1;
        }

        // None can: the provider says it better. One that a budget has ruled out must not be asked, though.
        for (var tier = 0; instead < 0 && reason == RoutingReason.Budget && tier < _tiers.Count; tier++)
        {
            instead = request.Allows(tier) ? tier : -1;
        }

        return instead < 0 ? wanted : wanted with { Tier = instead, Reason = reason };
    }

    private bool IsMet(RoutingRule rule, RoutingRequest request) => Ask(() => rule.IsMetBy(request), otherwise: false);

    private bool Ask(Func<bool> question, bool otherwise)
    {
        try
        {
            return question();
        }
        catch (Exception exception)
        {
            _failures.Report("routing condition", exception);
            return otherwise;
        }
    }
}
