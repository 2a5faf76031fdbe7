namespace LlmThrift.Routing;

/// <summary>Looks at the answer of a cheap model before the app gets it. Called at the same time for several calls.</summary>
public interface IAnswerCheck
{
    /// <summary>Its name in records, such as "refusal".</summary>
    string Name { get; }

    /// <summary>Checks an answer. What it throws counts as <see cref="AnswerVerdict.None"/> and is logged by its type.</summary>
    /// <param name="answer">The answer, and what was asked.</param>
    /// <param name="cancellationToken">Cancelled when the caller has left.</param>
    /// <returns>What it says.</returns>
    ValueTask<AnswerVerdict> CheckAsync(AnswerToCheck answer, CancellationToken cancellationToken);
}
