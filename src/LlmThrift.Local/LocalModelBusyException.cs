namespace LlmThrift.Local;

/// <summary>More answers are asked for than the model makes or may keep waiting. Ask again later, or another model; a router does that by itself.</summary>
public sealed class LocalModelBusyException : Exception
{
    /// <summary>Makes an exception.</summary>
    public LocalModelBusyException() { }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">What is wrong, and the way out.</param>
    public LocalModelBusyException(string message)
        : base(message) { }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">What is wrong, and the way out.</param>
    /// <param name="innerException">The cause.</param>
    public LocalModelBusyException(string message, Exception? innerException)
        : base(message, innerException) { }
}
