using LlmThrift.TestKit.Stores;

namespace LlmThrift.PostgreSql.Tests.Server;

/// <summary>The tests need PostgreSQL's server.</summary>
public sealed class RequiresServerAttribute : StoreRequirementAttribute
{
    public override string? SkipReason => ServerGroup.SkipReason;
}
