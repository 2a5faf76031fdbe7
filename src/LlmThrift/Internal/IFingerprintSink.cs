namespace LlmThrift.Internal;

/// <summary>Takes the canonical bytes of a request, piece by piece.</summary>
internal interface IFingerprintSink
{
    void Append(ReadOnlySpan<byte> data);
}
