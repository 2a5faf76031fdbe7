namespace LlmThrift.TestKit.Stores;

/// <summary>What the tests of a class need.</summary>
[AttributeUsage(AttributeTargets.Class)]
public abstract class StoreRequirementAttribute : Attribute
{
    /// <summary>Why they are skipped; null where they run.</summary>
    public abstract string? SkipReason { get; }
}
