namespace LlmThrift.Routing;

/// <summary>The app's own choice of a tier. Called at the same time for several calls.</summary>
public interface IModelRouter
{
    /// <summary>Chooses a tier.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="tiers">The tiers that can serve it, cheapest first; at least one.</param>
    /// <param name="cancellationToken">Cancelled when the caller has left.</param>
    /// <returns>The name of a tier; null to leave the choice to what comes after: the policy, then the default.</returns>
    ValueTask<string?> ChooseAsync(RoutingRequest request, IReadOnlyList<ModelTier> tiers, CancellationToken cancellationToken);
}
