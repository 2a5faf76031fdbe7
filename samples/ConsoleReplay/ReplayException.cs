namespace ConsoleReplay;

/// <summary>The replay cannot go on for a reason that the user can mend. The message is shown as it is.</summary>
internal sealed class ReplayException : Exception
{
    public ReplayException() { }

    public ReplayException(string message)
        : base(message) { }

    public ReplayException(string message, Exception innerException)
        : base(message, innerException) { }
}
