namespace LlmThrift.Diagnostics;

/// <summary>
/// A store could not be used. The message names the store, says why and what to do, and has nothing of what was to be stored: it goes to the log. Once that is done the store works
/// again, without a restart.
/// </summary>
/// <param name="message">The message, free of contents of calls.</param>
/// <param name="innerException">What the store's driver threw, where it did.</param>
#pragma warning disable CA1032 // Whoever throws it knows the message, which must be free of contents.
public abstract class StoreException(string message, Exception? innerException) : Exception(message, innerException);
#pragma warning restore CA1032
