using System.Reflection;
using LlmThrift.TestKit;

namespace LlmThrift.Sqlite.Tests.Architecture;

public sealed class PublicApiTests : PublicApiContract
{
    protected override Assembly Package => typeof(SqliteStore).Assembly;

    protected override IReadOnlyCollection<string> MayReferTo => ["Microsoft.Data.Sqlite", "SQLitePCLRaw.core"];
}
