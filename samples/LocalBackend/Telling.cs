namespace LocalBackend;

/// <summary>Progress that is told on the spot.</summary>
internal sealed class Telling<T>(Action<T> report) : IProgress<T>
{
    public void Report(T value) => report(value);
}
