using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using Microsoft.Extensions.Logging;

namespace LlmThrift.Routing;

/// <summary>Sends a share of the calls to the policy's other tier too, judges both answers, and tells the threshold. Safe for concurrent use.</summary>
internal sealed partial class Explorer
{
    private const int MaxAtOnce = 4;

    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private readonly PolicyRouter _router;
    private readonly IAnswerJudge _judge;
    private readonly double _share;
    private readonly decimal? _limit;
    private readonly TimeProvider _clock;
    private readonly HelperFailures _failures;
    private readonly ILogger _logger;
    private readonly BackgroundWork _work;
    private readonly Random _random;
    private readonly Lock _gate = new();
    private DateTimeOffset _dayBegan;
    private decimal _spent;
    private decimal _dearest;
    private int _underWay;

    public Explorer(PolicyRouter router, ExplorationOptions options, PipelineServices services)
    {
        (_router, _judge, _share, _limit) = (router, options.Judge!, options.Share, options.MaxCostPerDay);
        (_clock, _failures, _logger) = (services.Clock, services.Failures, services.Logger);
        _work = new BackgroundWork(services.Failures);
        _random = new Random(options.Seed);
        _dayBegan = _clock.GetUtcNow();
    }

    /// <summary>Whether a call is to be tried with both tiers: by chance alone, whatever it scores, as far as the money goes.</summary>
    public bool Draws()
    {
        lock (_gate)
        {
            if (_random.NextDouble() >= _share || _underWay >= MaxAtOnce)
            {
                return false;
            }

            var now = _clock.GetUtcNow();
            if (now - _dayBegan >= Day)
            {
                (_dayBegan, _spent) = (now, 0);
            }

            // Those under way may cost as much as the dearest one has so far.
            return _limit is not { } limit || _spent + ((_underWay + 1) * _dearest) <= limit;
        }
    }

    /// <summary>Asks the other tier and learns from both answers, after the call.</summary>
    /// <param name="request">The request.</param>
    /// <param name="call">Its options as the app sent them, with the call's state.</param>
    /// <param name="tiers">All tiers.</param>
    /// <param name="tier">The one that answered.</param>
    /// <param name="score">The question's score.</param>
    /// <param name="answer">The text of the answer.</param>
    public void Compare(RoutingRequest request, CallOptions call, IReadOnlyList<TierClient> tiers, int tier, double score, string answer)
    {
        lock (_gate)
        {
            _underWay++;
        }

        // The caller's list may change after the call.
        var messages = request.Messages.ToArray();
        var question = request.Question;
        _work.Run(
            "model routing exploration",
            async () =>
            {
                var ledger = call.Context.ForUpkeep();
                var startedAt = _clock.GetUtcNow();
                try
                {
                    var other = tiers[tier == _router.Weak ? _router.Strong : _router.Weak];
                    var response = await other
                        .For(ledger)
                        .GetResponseAsync(messages, other.With(call.With(ledger)), CancellationToken.None)
                        .ConfigureAwait(false);
                    var (weak, strong) = tier == _router.Weak ? (answer, response.Text) : (response.Text, answer);
                    var answers = new AnswersToJudge(
                        question,
                        weak,
                        strong,
                        (client, asked, options, cancellationToken) =>
                            HelperModel.AskAsync(client, CostStages.Routing, ledger, asked, options, cancellationToken)
                    );
                    if (await _judge.JudgeAsync(answers, CancellationToken.None).ConfigureAwait(false) is { } judged && IsShare(judged))
                    {
                        if (_router.Threshold.Learn(score, judged.WeakQuality, judged.StrongQuality))
                        {
                            LogDrift(_logger, _router.Threshold.Current);
                        }
                    }
                }
                finally
                {
                    Settle(ledger, startedAt);
                }
            }
        );
    }

    public Task WhenIdleAsync() => _work.WhenIdleAsync();

    private static bool IsShare(AnswerJudgement judged) => judged is { WeakQuality: >= 0 and <= 1, StrongQuality: >= 0 and <= 1 };

    private void Settle(CallContext ledger, DateTimeOffset startedAt)
    {
        ledger.ChargeTo(CostStages.Routing, 0, ledger.CountOfAttempts);
        var cost = ledger.Snapshot().Attempts.Sum(attempt => attempt.Cost ?? 0);
        ledger.Meter?.CloseUpkeep(ledger, startedAt);
        lock (_gate)
        {
            _underWay--;
            _spent += cost;
            _dearest = Math.Max(_dearest, cost);
        }
    }

    [LoggerMessage(
        41,
        LogLevel.Warning,
        "Model routing: the weaker tier's answers have become worse than the policy promises; the threshold is now {Threshold}. Run the audit again."
    )]
    private static partial void LogDrift(ILogger logger, double threshold);
}
