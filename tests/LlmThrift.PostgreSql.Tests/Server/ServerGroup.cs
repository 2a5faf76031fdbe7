using Xunit;

namespace LlmThrift.PostgreSql.Tests.Server;

/// <summary>One server for all tests, which use a schema each.</summary>
[CollectionDefinition(Name)]
public sealed class ServerGroup : ICollectionFixture<SharedServer>
{
    public const string Name = "PostgreSQL";

    /// <summary>Why tests are skipped; null where they run.</summary>
    public static readonly string? SkipReason = PostgreSqlServer.FindBinaries() is null
        ? "PostgreSQL's server is not here: apt-get install postgresql, or name the folder of its programs by LLMTHRIFT_POSTGRESQL_BIN."
        : null;
}
