namespace LlmThrift.Auditing.Running;

/// <summary>Why a request of an audit has no answer.</summary>
internal enum AuditStop
{
    /// <summary>The money does not suffice.</summary>
    Money,

    /// <summary>It was under way when an earlier run ended.</summary>
    Interrupted,

    /// <summary>The provider failed, or took too long.</summary>
    Failed,
}
