using LlmThrift.Internal;
using LlmThrift.Pricing;
using LlmThrift.Tokens;

namespace LlmThrift.Metering;

/// <summary>Options of the cost meter. Every one has a default that works.</summary>
public sealed class CostMeterOptions
{
    /// <summary>Where prices come from. Default: the book that ships with the package.</summary>
    public PriceBook Prices { get; set; } = PriceBook.Embedded;

    /// <summary>Counts tokens where a provider does not report them. Default: exact for OpenAI's public encodings, estimated for others.</summary>
    public RequestTokenCounter TokenCounter { get; set; } = RequestTokenCounter.Default;

    /// <summary>
    /// Where call records go besides the <see cref="CostReport"/>, metrics, activities and the log. Default: nowhere.
    /// Sinks registered as services are added to these.
    /// </summary>
    public IList<ICallRecordSink> Sinks { get; } = [];

    /// <summary>The report to add to. Default: the one registered as a service, else a new one for this pipeline.</summary>
    public CostReport? Report { get; set; }

    internal void Validate(OptionsProblems problems)
    {
        problems.AddIf(Prices is null, "Metering.Prices is null: leave it at PriceBook.Embedded, or add to that book.");
        problems.AddIf(
            TokenCounter is null,
            "Metering.TokenCounter is null: leave it at RequestTokenCounter.Default, or make one with counters of your own."
        );
        problems.AddIf(Sinks.Contains(null!), "Metering.Sinks contains null: remove it.");
    }
}
