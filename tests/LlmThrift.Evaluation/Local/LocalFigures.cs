namespace LlmThrift.Evaluation.Local;

/// <summary>What <c>local</c> measured.</summary>
internal sealed record LocalFigures
{
    public required string Model { get; init; }

    public required int Threads { get; init; }

    /// <summary>How many of the recorded answers were given to the letter; null without a record.</summary>
    public RecordedFigures? Recorded { get; init; }

    /// <summary>Tokens of the prompt that was timed.</summary>
    public required long PromptTokens { get; init; }

    public required double PromptTokensPerSecond { get; init; }

    public required double AnswerTokensPerSecond { get; init; }

    /// <summary>Managed bytes a token of an answer as a whole.</summary>
    public required double BytesPerToken { get; init; }

    /// <summary>Managed bytes a token of a stream.</summary>
    public required double BytesPerStreamedToken { get; init; }

    /// <summary>Tokens an update of a stream.</summary>
    public required double TokensPerUpdate { get; init; }

    public required ConversationFigures Conversations { get; init; }
}
