namespace LlmThrift.Auditing.Running;

/// <summary>A request of an audit has no answer.</summary>
#pragma warning disable CA1032, CA1064 // Thrown and caught within this folder.
internal sealed class AuditStopException(AuditStop stop, Exception? cause = null) : Exception(stop.ToString(), cause)
#pragma warning restore CA1032, CA1064
{
    public AuditStop Stop => stop;
}
