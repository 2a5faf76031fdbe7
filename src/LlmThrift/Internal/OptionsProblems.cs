namespace LlmThrift.Internal;

/// <summary>Collects everything that is wrong with options, so that one exception names it all.</summary>
internal sealed class OptionsProblems
{
    private readonly List<string> _problems = [];

    public void Add(string problem) => _problems.Add(problem);

    public void AddIf(bool isBad, string problem)
    {
        if (isBad)
        {
            _problems.Add(problem);
        }
    }

    /// <exception cref="ArgumentException">Something was wrong; the message lists it all.</exception>
    public void ThrowIfAny()
    {
        if (_problems.Count == 0)
        {
            return;
        }

        var title = _problems.Count == 1 ? "a bad value" : $"{_problems.Count} bad values";
        var lines = _problems.Select(problem => Environment.NewLine + "- " + problem);
#pragma warning disable MA0015 // The values come from a delegate or from configuration: no parameter of ours has their name.
        throw new ArgumentException($"The options of LlmThrift have {title}:{string.Concat(lines)}");
#pragma warning restore MA0015
    }
}
