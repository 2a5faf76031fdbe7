namespace LlmThrift.Pricing;

/// <summary>What a volume costs a month on machines of one's own and at an API. Immutable, compared by value.</summary>
public sealed record SelfHostedComparison
{
    internal SelfHostedComparison() { }

    /// <summary>Tokens a month, input and output together.</summary>
    public long TokensPerMonth { get; internal init; }

    /// <summary>How many machines the volume takes, at least 1.</summary>
    public long Machines { get; internal init; }

    /// <summary>Whether one machine can serve the volume at all: tokens per second × hours.</summary>
    public bool FitsOneMachine => Machines <= 1;

    /// <summary>How busy the machines are, from 0 to 1.</summary>
    public decimal Utilization { get; internal init; }

    /// <summary>What the machines cost, in USD a month.</summary>
    public decimal MachineUsd { get; internal init; }

    /// <summary>What the API costs, in USD a month.</summary>
    public decimal ApiUsd { get; internal init; }

    /// <summary><see cref="ApiUsd"/> less <see cref="MachineUsd"/>, in USD a month: negative when the API is cheaper.</summary>
    public decimal SavingUsd => ApiUsd - MachineUsd;

    /// <summary>The comparison in a sentence or two.</summary>
    public override string ToString()
    {
        var machines = Machines == 1 ? "one machine" : SelfHostedBreakEven.Invariant($"{Machines:N0} machines");
        var verdict = SavingUsd switch
        {
            > 0 => SelfHostedBreakEven.Invariant($"saves ${SavingUsd:N2}"),
            < 0 => SelfHostedBreakEven.Invariant($"costs ${-SavingUsd:N2} more"),
            _ => "costs the same",
        };
        return SelfHostedBreakEven.Invariant(
                $"{SelfHostedBreakEven.Volume(TokensPerMonth)} tokens a month: {machines}, {Utilization:P0} busy, "
            ) + SelfHostedBreakEven.Invariant($"${MachineUsd:N2}; the API ${ApiUsd:N2}. Self-hosting {verdict}.");
    }
}
