using System.Text;
using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using Microsoft.Extensions.AI;

namespace LlmThrift.OutputLimits.Answering;

/// <summary>
/// The way of one call to its answer: usually one attempt, more where an empty answer is asked for again or a cut one is continued. It decides what
/// comes next, learns from how it ended, and sees to it that each attempt is charged where it belongs.
/// </summary>
internal sealed class AnswerProgress
{
    private readonly OutputLimitState _state;
    private readonly LimitedCall _call;
    private readonly bool _mayContinue;
    private readonly bool _mayRetry;
    private readonly StringBuilder _said = new();
    private readonly List<Attempt> _attempts = [];
    private readonly UsageDetails _usage = new();
    private bool _isUsageKnown = true;
    private AnswerTally _tally = new(keepsText: false);
    private int _continuations;
    private long _tokens;
    private bool _wasCutByLearning;

    public AnswerProgress(OutputLimitState state, LimitedCall call)
    {
        (_state, _call) = (state, call);
        (Messages, Options) = (call.Messages, call.Options);
        _mayRetry = state.RetriesEmptyAnswers && call.IsComplete;

        // A limit that the caller set is what the caller wants: to go on would be to answer more than was asked for.
        _mayContinue =
            state.MaxContinuations > 0 && call is { IsJson: false, IsComplete: true } && (call.Asked is null || call.IsCappedByUs);
    }

    /// <summary>The messages of the next attempt.</summary>
    public IReadOnlyList<ChatMessage> Messages { get; private set; }

    /// <summary>The options of the next attempt.</summary>
    public CallOptions Options { get; private set; }

    /// <summary>False when an answer can go by unseen.</summary>
    public bool IsWatched => _mayRetry || _mayContinue || _call.IsCappedByUs || _call.Learner is not null;

    /// <summary>Whether an answer may come from several attempts, which the caller is to see as one.</summary>
    public bool MayContinue => _mayContinue;

    public bool HasRetried { get; private set; }

    public bool HasContinued => _continuations > 0;

    /// <summary>Whether the last attempt failed, and what came before it is the answer.</summary>
    public bool IsBrokenOff { get; private set; }

    /// <summary>
    /// Whether a stream's reasoning waits until it is followed by text: after an abandoned attempt, reasoning that belongs to no answer would be in
    /// the conversation. It waits only where a limit of this stage could be what ends it; elsewhere it is shown as it comes, and rules out a retry.
    /// </summary>
    public bool HoldsReasoning => _mayRetry && _call.IsCappedByUs;

    /// <summary>Whether the attempt under way may turn out empty and be replaced by another.</summary>
    public bool MayBeReplaced => _mayRetry && !HasRetried && !HasContinued && !HasGoneOut;

    /// <summary>Whether the caller has seen something of the attempt under way.</summary>
    public bool HasGoneOut { get; set; }

    /// <summary>How the answer as a whole ended.</summary>
    public ChatFinishReason? FinishReason => IsBrokenOff ? ChatFinishReason.Length : _tally.FinishReason;

    /// <summary>What all attempts used together; null when one of them did not report it.</summary>
    public UsageDetails? Usage => _isUsageKnown ? _usage : null;

    public void Begin()
    {
        _tally = new AnswerTally(keepsText: _mayContinue || _call.Learner is not null);
        HasGoneOut = false;
        _attempts.Add(new Attempt { Start = _call.Options.Context.CountOfAttempts });
    }

    public void Add(ChatResponse response) => _tally.Add(response);

    public void Add(ChatResponseUpdate update) => _tally.Add(update);

    /// <summary>Ends an attempt; true when another one follows.</summary>
    public bool GoesOn()
    {
        _attempts[^1].End = _call.Options.Context.CountOfAttempts;
        AddUsage();
        if (TryRetry())
        {
            return true;
        }

        if (_call.Learner is not null || _mayContinue)
        {
            _tokens += _tally.OutputTokens(_state.Counter, _call.Model);
        }

        if (TryContinue())
        {
            return true;
        }

        Conclude();
        return false;
    }

    /// <summary>Whether there is an answer without the attempt that failed.</summary>
    public bool CanDoWithout(CancellationToken cancellationToken) => _attempts.Count > 1 && !cancellationToken.IsCancellationRequested;

    /// <summary>Ends an attempt that failed after others had brought an answer, if a cut or an empty one: that is what the caller would have got.</summary>
    public void BreakOff(Exception exception)
    {
        _state.Failures.Report(CostStages.OutputLimits, exception);
        Note("retry_failed");
        _attempts[^1].IsVoid = !HasGoneOut;
        _attempts[^1].End = _call.Options.Context.CountOfAttempts;
        if (HasGoneOut)
        {
            AddUsage();
        }

        IsBrokenOff = true;
        Conclude();
    }

    /// <summary>
    /// Charges each attempt: the last one brought the answer, the others are a cost of this stage. Of a continued answer, the last attempt brought
    /// only the end, after a longer request than the app had sent: both are written down, so that the baseline is one request and the whole answer.
    /// </summary>
    public void Settle()
    {
        if (_attempts.Count < 2)
        {
            return;
        }

        var context = _call.Options.Context;
        _attempts[^1].End ??= context.CountOfAttempts;
        var delivering = _attempts.FindLast(static attempt => !attempt.IsVoid)!;
        var last = context.LastAttemptBetween(delivering.Start, delivering.End!.Value);
        long? input = null;
        var output = 0L;
        foreach (var attempt in _attempts)
        {
            if (ReferenceEquals(attempt, delivering))
            {
                continue;
            }

            if (attempt.IsPart && context.LastAttemptBetween(attempt.Start, attempt.End!.Value) is { } part)
            {
                input ??= part.Usage.InputTokens;
                output += part.Usage.OutputTokens;
            }

            if (last is not null)
            {
                context.ChargeTo(CostStages.OutputLimits, attempt.Start, attempt.End!.Value);
            }
        }

        if (last is not null && input is { } sent)
        {
            context.Add(new StageStep(CostStages.OutputLimits, sent - last.Usage.InputTokens, RemovedOutputTokens: output));
        }
    }

    private bool TryRetry()
    {
        if (!MayBeReplaced || !_tally.IsCut || _tally.HasText || _tally.HasMore || _tally.IsPending)
        {
            return false;
        }

        var isReasoning = _tally.HasReasoning || _tally.Usage?.ReasoningTokenCount > 0;
        if (EmptyAnswerRetry.OptionsFor(_call, isReasoning) is not { } options)
        {
            return false;
        }

        Options = options;
        HasRetried = true;
        _wasCutByLearning |= _call.IsCappedByLearning;
        Note("retried_empty");
        return true;
    }

    private bool TryContinue()
    {
        if (!_mayContinue || !_tally.IsCut || !_tally.HasText || _tally.HasMore || _tally.IsPending)
        {
            return false;
        }

        var left = _call.Asked - _tokens;
        if (_continuations >= _state.MaxContinuations || left <= 0)
        {
            return false;
        }

        _said.Append(_tally.Text);
        Messages =
        [
            .. _call.Messages,
            new ChatMessage(ChatRole.Assistant, _said.ToString()),
            new ChatMessage(ChatRole.User, _state.ContinueInstruction),
        ];
        Options = Options.With(Options.Context);
        Options.MaxOutputTokens = LimitedCall.Lower((int?)left, Options.MaxOutputTokens);
        _continuations++;
        _attempts[^1].IsPart = true;
        _wasCutByLearning |= _call.IsCappedByLearning && !HasRetried;
        Note("continued");
        return true;
    }

    private void Conclude()
    {
        var isCut = FinishReason == ChatFinishReason.Length;
        _wasCutByLearning |= isCut && _call.IsCappedByLearning && _attempts.Count == 1;
        if (isCut && _call.IsCappedByUs)
        {
            Note("cut");
        }

        if (
            _call.Learner is { } learner
            && !_tally.HasMore
            && _call.Options.Context.Served is null
            && !IsBrokenOff
            && (isCut || FinishReason == ChatFinishReason.Stop)
        )
        {
            learner.Observe(_tokens, !isCut, _call.IsCappedByLearning, _wasCutByLearning, _state.Clock.GetUtcNow());
        }
    }

    private void AddUsage()
    {
        if (_tally.Usage is { } usage)
        {
            _usage.Add(usage);
        }
        else
        {
            _isUsageKnown = false;
        }
    }

    private void Note(string reason) => _call.Options.Context.Note(CostStages.OutputLimits, reason);

    /// <summary>Where an attempt's bills begin and end in the call's ledger, and what became of it.</summary>
    private sealed class Attempt
    {
        public required int Start { get; init; }

        public int? End { get; set; }

        /// <summary>Its text is the beginning of the answer or a part of it.</summary>
        public bool IsPart { get; set; }

        /// <summary>It failed and brought nothing.</summary>
        public bool IsVoid { get; set; }
    }
}
