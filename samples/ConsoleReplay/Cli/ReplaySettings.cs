namespace ConsoleReplay.Cli;

/// <summary>What the command line asks for.</summary>
internal sealed record ReplaySettings
{
    public const string DefaultModelId = "gpt-4o";

    /// <summary>The log to replay; null replays the shipped questions.</summary>
    public FileInfo? File { get; init; }

    /// <summary>The model to ask and to price; null keeps the models of a log, and is gpt-4o otherwise.</summary>
    public string? ModelId { get; init; }

    public int Calls { get; init; } = 5_000;

    /// <summary>How many different questions to draw from; null takes all, and fewer in a short live run.</summary>
    public int? Questions { get; init; }

    /// <summary>Zipf's exponent. Six traces of web requests had .64 to .83 (Breslau et al., INFOCOM 1999).</summary>
    public double Skew { get; init; } = 0.8;

    public int Seed { get; init; } = 42;

    public bool Stream { get; init; }

    /// <summary>Whether the app uses the semantic cache.</summary>
    public bool Semantic { get; init; }

    /// <summary>How much faster than on a real clock the recorded provider answers.</summary>
    public double Speed { get; init; } = 30;

    public int Concurrency { get; init; } = 16;

    /// <summary>Output tokens of an answer that a log does not hold.</summary>
    public int AssumedOutputTokens { get; init; } = 200;

    public long CallsPerMonth { get; init; } = 1_000_000;

    public FileInfo? Json { get; init; }

    public bool Live { get; init; }

    /// <summary><c>openai</c>, <c>anthropic</c> or null to choose by the environment.</summary>
    public string? Provider { get; init; }

    /// <summary>The most calls to replay; null is all, and 50 with a real service.</summary>
    public int? Limit { get; init; }

    /// <summary>Whether to send to a real service without asking.</summary>
    public bool Yes { get; init; }
}
