using LlmThrift.Internal;

namespace LlmThrift.Routing;

/// <summary>
/// A cascade: the answer of a cheaper tier is checked, and the next stronger one is asked when it does not pass. Every attempt is billed: a cascade pays where most answers pass.
/// </summary>
public sealed class CascadeOptions
{
    /// <summary>The checks, in the order in which they are made: cheap ones first. Empty for no cascade, the default. See <see cref="AnswerChecks"/>.</summary>
    public IList<IAnswerCheck> Checks { get; } = [];

    /// <summary>How many times a call may be escalated. Default: 1. At least 1.</summary>
    public int MaxEscalations { get; set; } = 1;

    /// <summary>
    /// How many characters of a stream are held back, so that an answer which does not pass is never seen. A longer answer is let go unchecked, from its beginning.
    /// Default: 4,000. At least 0: then streams are not checked and come at once.
    /// </summary>
    public int MaxBufferedCharacters { get; set; } = 4_000;

    internal void Validate(OptionsProblems problems)
    {
        problems.AddIf(MaxEscalations < 1, $"Routing.Cascade.MaxEscalations is {MaxEscalations}: it must be at least 1.");
        problems.AddIf(
            MaxBufferedCharacters < 0,
            $"Routing.Cascade.MaxBufferedCharacters is {MaxBufferedCharacters}: it must be at least 0, such as 4000."
        );
        problems.AddIf(Checks.Any(check => check is null), "Routing.Cascade.Checks has an empty place: remove it.");
    }
}
