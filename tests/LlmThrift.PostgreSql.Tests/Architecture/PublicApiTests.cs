using System.Reflection;
using LlmThrift.TestKit;

namespace LlmThrift.PostgreSql.Tests.Architecture;

public sealed class PublicApiTests : PublicApiContract
{
    protected override Assembly Package => typeof(PostgreSqlStore).Assembly;

    protected override IReadOnlyCollection<string> MayReferTo => ["Npgsql"];
}
