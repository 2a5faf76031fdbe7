namespace LlmThrift.Local;

/// <summary>What a model takes and what it is worth, measured on this machine.</summary>
public sealed record LocalModelMeasurement
{
    /// <summary>The file.</summary>
    public required string Path { get; init; }

    /// <summary>How its weights are rounded, as llama.cpp names it; null where the file does not say.</summary>
    public required string? Quantization { get; init; }

    /// <summary>The file's bytes.</summary>
    public required long FileBytes { get; init; }

    /// <summary>How many weights it has.</summary>
    public required long Parameters { get; init; }

    /// <summary>How long it took to load.</summary>
    public required TimeSpan LoadTime { get; init; }

    /// <summary>
    /// Perplexity on the text: the exponential of the mean negative log-likelihood of a token. Lower is better. As llama.cpp's own tool measures it: over windows of
    /// the context, of each the second half.
    /// </summary>
    public required double Perplexity { get; init; }

    /// <summary>How many tokens that is the mean of.</summary>
    public required int ScoredTokens { get; init; }

    /// <summary>Mean Kullback-Leibler divergence of the next token's probabilities from the reference model's, in nats; null without a reference.</summary>
    public double? KlDivergence { get; init; }

    /// <summary>Share of tokens of which both models think the same the likeliest, from 0 to 1; null without a reference.</summary>
    public double? TopTokenAgreement { get; init; }

    /// <summary>Tokens of a prompt evaluated a second.</summary>
    public required double PromptTokensPerSecond { get; init; }

    /// <summary>Tokens of an answer generated a second, one answer at a time.</summary>
    public required double GenerationTokensPerSecond { get; init; }

    /// <summary>Tokens of a window, and of the context that was measured.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Bytes that a context of the measured length takes beside the weights: keys and values in 16 bits; null where the file does not say enough.</summary>
    public required long? ContextBytes { get; init; }

    /// <summary>Bytes in memory while it works: the weights, and the context where it is known.</summary>
    public long WorkingBytes => FileBytes + (ContextBytes ?? 0);

    /// <summary>Bytes in memory with a context of another length.</summary>
    /// <param name="tokens">Its tokens: of a client that answers, <see cref="LocalChatOptions.MaxConcurrency"/> times <see cref="LocalChatOptions.ContextLength"/>.</param>
    /// <returns>The bytes.</returns>
    public long WorkingBytesAt(long tokens) => FileBytes + ((ContextBytes ?? 0) / ContextLength * tokens);

    /// <summary>
    /// The best of several levels of one model that works in so much memory: the one that diverges least from the reference where all were measured against it,
    /// else the one of the lowest perplexity; of equals the smaller one.
    /// </summary>
    /// <param name="measurements">The levels, measured on the same text.</param>
    /// <param name="memoryLimit">Bytes.</param>
    /// <param name="contextTokens">Tokens that the context shall hold, as for <see cref="WorkingBytesAt"/>; null for what was measured.</param>
    /// <returns>The best one; null when none works in so little.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A number is not above 0.</exception>
    public static LocalModelMeasurement? Best(IEnumerable<LocalModelMeasurement> measurements, long memoryLimit, long? contextTokens = null)
    {
        ArgumentNullException.ThrowIfNull(measurements);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(memoryLimit);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(contextTokens ?? 1, nameof(contextTokens));
        var all = measurements.ToList();
        var compared = all.TrueForAll(row => row.KlDivergence is not null);
        return all.Where(row => row.WorkingBytesAt(contextTokens ?? row.ContextLength) <= memoryLimit)
            .OrderBy(Loss)
            .ThenBy(row => row.FileBytes)
            .FirstOrDefault();

        // What computes no numbers is worst, where sorting would put it first.
        double Loss(LocalModelMeasurement row) =>
            (compared ? row.KlDivergence!.Value : row.Perplexity) is var loss && double.IsNaN(loss) ? double.PositiveInfinity : loss;
    }
}
