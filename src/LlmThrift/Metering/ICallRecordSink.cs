namespace LlmThrift.Metering;

/// <summary>Receives the record of every call that a cost meter sees end.</summary>
/// <remarks>
/// Called on the thread that ends the call, before the caller sees the answer or the end of the stream: return quickly, queue what takes time.
/// Must be safe for concurrent use; as a service, register it as a singleton, for all scopes share one meter. An exception is logged once, counted, and does not reach the caller.
/// </remarks>
public interface ICallRecordSink
{
    /// <summary>Takes one record.</summary>
    /// <param name="record">The record; immutable, may be kept.</param>
    void Record(CallRecord record);
}
