namespace LlmThrift.Local;

/// <summary>A local model cannot be used: the native library is absent, or the file is not one that can be loaded. The message says how to mend it.</summary>
public sealed class LocalModelException : Exception
{
    /// <summary>Makes an exception.</summary>
    public LocalModelException() { }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">What is wrong, and the way out.</param>
    public LocalModelException(string message)
        : base(message) { }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">What is wrong, and the way out.</param>
    /// <param name="innerException">The cause.</param>
    public LocalModelException(string message, Exception? innerException)
        : base(message, innerException) { }
}
