namespace LlmThrift.Routing;

/// <summary>
/// How routing by a policy goes: <c>client.GetService&lt;ModelRoutingManager&gt;()</c>. Safe for concurrent use.
/// </summary>
public sealed class ModelRoutingManager
{
    private readonly MovingThreshold? _threshold;
    private readonly Explorer? _explorer;

    internal ModelRoutingManager(MovingThreshold? threshold, Explorer? explorer) => (_threshold, _explorer) = (threshold, explorer);

    /// <summary>The score from which on calls go to the stronger tier at the moment; null where no policy routes.</summary>
    public double? Threshold => _threshold?.Current;

    /// <summary>How many calls both tiers have answered for comparison, since the start.</summary>
    public int Comparisons => _threshold?.Comparisons ?? 0;

    /// <summary>Whether the latest comparisons show that the promised quality is not kept as the audit said. The threshold has moved; the audit should be run again.</summary>
    public bool HasDrifted => _threshold?.HasDrifted ?? false;

    /// <summary>Ends when no comparison is under way.</summary>
    /// <returns>The task.</returns>
    public Task WhenIdleAsync() => _explorer?.WhenIdleAsync() ?? Task.CompletedTask;
}
