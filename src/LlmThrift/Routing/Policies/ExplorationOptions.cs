using LlmThrift.Internal;

namespace LlmThrift.Routing;

/// <summary>
/// Exploration: a share of the calls that a policy routes, drawn by chance, is sent to the policy's other tier too, after the caller has the answer. Both answers are judged, and the threshold
/// moves with what is learned, so that a promise of quality holds when the traffic or a model changes.
/// </summary>
public sealed class ExplorationOptions
{
    /// <summary>The share of the calls. Default: 0, none. From 0 to 1; 0.01 costs about 1 % of the bill without routing, and more for the judge.</summary>
    public double Share { get; set; }

    /// <summary>Judges both answers; needed where <see cref="Share"/> is more than 0. See <see cref="AnswerJudges"/>.</summary>
    public IAnswerJudge? Judge { get; set; }

    /// <summary>What exploration may cost in a day (24 hours, rolling from the first call), in USD, judges included. Default: null, no limit. What has no known price is not counted.</summary>
    public decimal? MaxCostPerDay { get; set; }

    /// <summary>Where chance begins. Default: 0.</summary>
    public int Seed { get; set; }

    internal void Validate(OptionsProblems problems, ModelRoutingOptions routing)
    {
        problems.AddIf(!(Share is >= 0 and <= 1), $"Routing.Exploration.Share is {Share}: it must be from 0 to 1, such as 0.01.");
        problems.AddIf(
            Share > 0 && Judge is null,
            "Routing.Exploration.Share is more than 0 and there is no Routing.Exploration.Judge: set one, such as AnswerJudges.ByModel(client)."
        );
        problems.AddIf(
            Share > 0 && routing.Policy is null,
            "Routing.Exploration.Share is more than 0 and there is no Routing.Policy to try: set one, such as RoutingPolicy.Load(\"policy.json\")."
        );
        problems.AddIf(
            MaxCostPerDay <= 0,
            $"Routing.Exploration.MaxCostPerDay is {MaxCostPerDay}: it must be more than 0 USD, or null for no limit."
        );
    }
}
