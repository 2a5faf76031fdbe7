namespace LlmThrift.OutputLimits.Learning;

/// <summary>A count in which what happened a half-life ago counts for half. Not safe for concurrent use.</summary>
internal struct FadingCount
{
    private double _count;
    private DateTimeOffset _at;

    public void Add(DateTimeOffset at, TimeSpan halfLife)
    {
        _count = At(at, halfLife) + 1;
        _at = at;
    }

    public readonly double At(DateTimeOffset at, TimeSpan halfLife) =>
        _count == 0 || at <= _at ? _count : _count * Math.Pow(2, -((at - _at) / halfLife));
}
