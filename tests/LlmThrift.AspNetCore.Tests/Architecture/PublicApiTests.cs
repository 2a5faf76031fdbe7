using System.Reflection;
using LlmThrift.TestKit;

namespace LlmThrift.AspNetCore.Tests.Architecture;

public sealed class PublicApiTests : PublicApiContract
{
    protected override Assembly Package => typeof(CostDashboardOptions).Assembly;

    protected override IReadOnlyCollection<string> MayReferTo => ["Microsoft.AspNetCore", "Microsoft.Extensions", "Microsoft.Net.Http"];
}
