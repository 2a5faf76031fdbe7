using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using LlmThrift.Metering;
using Microsoft.Extensions.AI;

namespace LlmThrift.Routing;

/// <summary>One call's way through the tiers.</summary>
internal sealed class Route
{
    private readonly RoutingState _state;
    private readonly IReadOnlyList<TierClient> _tiers;
    private readonly TierChooser _chooser;
    private readonly RoutingRequest _request;
    private readonly CallOptions _call;
    private readonly TierChoice _choice;
    private readonly UInt128? _conversation;
    private readonly string? _requestedModel;
    private readonly string? _requestedProvider;
    private readonly List<int> _failed = [];
    private int _tier;
    private int _escalations;
    private int _mark;
    private string? _failedCheck;
    private bool _hasAnswer;

    public Route(
        RoutingState state,
        IReadOnlyList<TierClient> tiers,
        TierChooser chooser,
        RoutingRequest request,
        CallOptions call,
        TierChoice choice,
        UInt128? conversation,
        string? requestedModel,
        string? requestedProvider
    )
    {
        (_state, _tiers, _chooser, _request, _call, _choice) = (state, tiers, chooser, request, call, choice);
        (_conversation, _requestedModel, _requestedProvider) = (conversation, requestedModel, requestedProvider);
        _tier = choice.Tier;
        Options = call;
        Explores =
            choice is { Reason: RoutingReason.Score, Score: not null }
            && request.Options.ConversationId is null
            && !call.Context.IsUpkeep
            && state.Explorer?.Draws() == true;
    }

    /// <summary>Whether both tiers of the policy are to answer this call.</summary>
    public bool Explores { get; }

    public IReadOnlyList<ChatMessage> Messages => _request.Messages;

    public CallOptions Options { get; private set; }

    public IChatClient Client => _tiers[_tier].For(_call.Context);

    /// <summary>Whether updates have to wait for a check.</summary>
    public bool HoldsStreams => MayEscalate && _state.MaxBufferedCharacters > 0;

    private bool MayEscalate =>
        _state.Checks.Count > 0
        && _escalations < _state.MaxEscalations
        && _choice.Reason != RoutingReason.Asked
        && _chooser.NextAfter(_tier, _request) >= 0;

    /// <summary>Another tier is asked.</summary>
    public void Begin()
    {
        Options = _tiers[_tier].With(_call);
        _mark = _call.Context.CountOfAttempts;
    }

    /// <summary>Whether a failure is made up for by another tier, which is then the current one: a stronger one if there is one, else a weaker one.</summary>
    public bool FallsBack(Exception exception, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested || _state.FallsBackOn is not { } worthIt || _choice.Reason == RoutingReason.Asked)
        {
            return false;
        }

        try
        {
            if (!worthIt(exception))
            {
                return false;
            }
        }
        catch (Exception failure)
        {
            _state.Failures.Report("routing condition", failure);
            return false;
        }

        _failed.Add(_tier);
        var next = -1;
        for (var tier = _tier + 1; next < 0 && tier < _tiers.Count; tier++)
        {
            next = IsLeft(tier) ? tier : -1;
        }

        for (var tier = _tier - 1; next < 0 && tier >= 0; tier--)
        {
            next = IsLeft(tier) ? tier : -1;
        }

        if (next < 0)
        {
            return false;
        }

        Leave();
        _tier = next;
        return true;
    }

    /// <summary>Whether an answer does not pass, and a stronger tier is to be asked, which is then the current one.</summary>
    public async ValueTask<bool> EscalatesAsync(ChatResponse response, CancellationToken cancellationToken)
    {
        if (!MayEscalate)
        {
            _hasAnswer = true;
            return false;
        }

        var context = _call.Context;
        var end = context.CountOfAttempts;
        var answer = new AnswerToCheck(Messages, Options, response, Client, context.Meter is null ? null : context);
        try
        {
            foreach (var check in _state.Checks)
            {
                if (await VerdictAsync(check, answer, cancellationToken).ConfigureAwait(false) == AnswerVerdict.Rejected)
                {
                    context.ChargeTo(CostStages.Routing, _mark, end);
                    _failedCheck = check.Name;
                    _escalations++;
                    _tier = _chooser.NextAfter(_tier, _request);
                    return true;
                }
            }
        }
        finally
        {
            // What checks asked of models.
            context.ChargeTo(CostStages.Routing, end, context.CountOfAttempts);
        }

        _hasAnswer = true;
        return false;
    }

    /// <summary>Begins to compare the answer with the other tier's, where the call was drawn for that and the answer is text of the tier that the score chose.</summary>
    public void Explore(ChatResponse answer)
    {
        if (!Explores || _tier != _choice.Tier || _choice.Score is not { } score)
        {
            return;
        }

        var text = answer.Text;
        if (text.Length > 0 && answer.Messages.All(message => message.Contents.All(content => content is not FunctionCallContent)))
        {
            _state.Explorer!.Compare(_request, _call, _tiers, _tier, score, text);
        }
    }

    /// <summary>Writes down which way the call went.</summary>
    public void Settle()
    {
        var context = _call.Context;
        var tier = _tiers[_tier];
        context.Routing = new RoutingDecision
        {
            Tier = tier.Tier.Name,
            FirstTier = _tiers[_choice.Tier].Tier.Name,
            Reason = _choice.Reason,
            Rule = _choice.Rule,
            Score = _choice.Score,
            Threshold = _choice.Threshold,
            FailedCheck = _failedCheck,
            FailedTiers = [.. _failed.Where(failed => failed != _tier || !_hasAnswer).Select(failed => _tiers[failed].Tier.Name)],
        };
        if (_failedCheck is not null)
        {
            context.Note(CostStages.Routing, "escalated");
        }

        if (_failed.Count > 0)
        {
            context.Note(CostStages.Routing, "fell_back");
        }

        if (_requestedModel is not null && (tier.Model ?? _requestedModel) != _requestedModel)
        {
            context.Add(new StageStep(CostStages.Routing, ModelBefore: _requestedModel, ProviderBefore: _requestedProvider));
        }

        if (_conversation is { } conversation)
        {
            _state.Conversations!.Remember(conversation, _tier);
        }
    }

    private bool IsLeft(int tier) => !_failed.Contains(tier) && _chooser.CanServe(tier, _request);

    /// <summary>What the tier that is left has cost so far is charged to routing: the answer is not its own.</summary>
    private void Leave() => _call.Context.ChargeTo(CostStages.Routing, _mark, _call.Context.CountOfAttempts);

    private async ValueTask<AnswerVerdict> VerdictAsync(IAnswerCheck check, AnswerToCheck answer, CancellationToken cancellationToken)
    {
        try
        {
            return await check.CheckAsync(answer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            _state.Failures.Report($"answer check {check.Name}", exception);
            return AnswerVerdict.None;
        }
    }
}
