namespace ConsoleReplay.Logs;

/// <summary>A line is not a request that can be replayed. The message says what is wrong and how to mend it, without quoting prompts.</summary>
internal sealed class TrafficFormatException : Exception
{
    public TrafficFormatException() { }

    public TrafficFormatException(string message)
        : base(message) { }

    public TrafficFormatException(string message, Exception innerException)
        : base(message, innerException) { }
}
