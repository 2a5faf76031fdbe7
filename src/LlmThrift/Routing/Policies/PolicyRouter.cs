using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using LlmThrift.Metering;
using LlmThrift.Vectors;

namespace LlmThrift.Routing;

/// <summary>Chooses between the two tiers of a policy by the score of the question. Safe for concurrent use.</summary>
internal sealed class PolicyRouter
{
    private readonly RoutingPolicy _policy;
    private readonly Embedder _embedder;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _clock;
    private readonly HelperFailures _failures;
    private readonly int _weak;
    private readonly int _strong;

    /// <param name="policy">The policy.</param>
    /// <param name="threshold">What it holds to, and how that moves.</param>
    /// <param name="embedder">Makes the vectors of questions.</param>
    /// <param name="timeout">How long a call waits for one.</param>
    /// <param name="names">The names of all tiers, cheapest first.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="failures">Where failures of the embedder go.</param>
    public PolicyRouter(
        RoutingPolicy policy,
        MovingThreshold threshold,
        Embedder embedder,
        TimeSpan timeout,
        List<string> names,
        TimeProvider clock,
        HelperFailures failures
    )
    {
        (_policy, Threshold, _embedder, _timeout, _clock, _failures) = (policy, threshold, embedder, timeout, clock, failures);
        _weak = names.FindIndex(name => string.Equals(name, policy.WeakTier.Name, StringComparison.OrdinalIgnoreCase));
        _strong = names.FindIndex(name => string.Equals(name, policy.StrongTier.Name, StringComparison.OrdinalIgnoreCase));
    }

    public MovingThreshold Threshold { get; }

    public int Weak => _weak;

    public int Strong => _strong;

    /// <summary>The tier; null where there is no question to score.</summary>
    /// <exception cref="OperationCanceledException">The caller has left.</exception>
    public async ValueTask<TierChoice?> ChooseAsync(RoutingRequest request, CallContext call, CancellationToken cancellationToken)
    {
        if (request.Question.Length == 0)
        {
            return null;
        }

        if (
            (
                _embedder.SharedBy(call, request.Question)
                ?? await VectorInTimeAsync(request.Question, call, cancellationToken).ConfigureAwait(false)
            )
            is not { } vector
        )
        {
            // Nothing is known of this one, and quality comes first.
            return new TierChoice(_strong, RoutingReason.Score);
        }

        var score = _policy.Score(vector, request.Question);
        var threshold = Threshold.For(score);
        return new TierChoice(score >= threshold ? _strong : _weak, RoutingReason.Score, Score: score, Threshold: threshold);
    }

    private async ValueTask<float[]?> VectorInTimeAsync(string question, CallContext call, CancellationToken cancellationToken)
    {
        var embedding = _embedder.Begin(question);
        EmbeddedText embedded;
        try
        {
            embedded = await embedding.WaitAsync(_timeout, _clock, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            _ = _embedder.BillLaterAsync(embedding, call);
            if (exception is OperationCanceledException)
            {
                throw;
            }

            _failures.Report("embedding generator", exception);
            call.Note(CostStages.Routing, "embedder_timeout");
            return null;
        }

        _embedder.Bill(embedded, call);
        _embedder.Share(call, embedded);
        if (embedded.Problem is { } problem)
        {
            call.Note(CostStages.Routing, problem);
        }

        if (embedded.Vector is { } vector && vector.Length != _policy.Model.Dimensions)
        {
            _failures.Report(
                "embedding generator",
                new InvalidDataException($"A vector of {vector.Length} dimensions for a policy of {_policy.Model.Dimensions}.")
            );
            call.Note(CostStages.Routing, "embedder_invalid");
            return null;
        }

        return embedded.Vector;
    }
}
