using LlmThrift.ExactCache;
using LlmThrift.Metering;
using LlmThrift.OutputLimits;

namespace LlmThrift.CostControls;

/// <summary>Options of <c>UseCostControls()</c>. Nothing has to be set to begin.</summary>
public sealed class CostControlOptions
{
    /// <summary>Whether answers are cached. Default: true.</summary>
    public bool UseExactCache { get; set; } = true;

    /// <summary>The exact cache.</summary>
    public ExactCacheOptions ExactCache { get; } = new();

    /// <summary>Caps on the length of answers; none by default.</summary>
    public OutputLimitOptions OutputLimits { get; } = new();

    /// <summary>The cost meter: prices, token counts, sinks.</summary>
    public CostMeterOptions Metering { get; } = new();
}
