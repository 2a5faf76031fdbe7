using System.Reflection;
using LlmThrift.CostControls;
using LlmThrift.TestKit;

namespace LlmThrift.Tests.Architecture;

public sealed class PublicApiTests : PublicApiContract
{
    protected override Assembly Package => typeof(CostControlOptions).Assembly;

    protected override IReadOnlyCollection<string> MayReferTo => ["Polly.Core", "Microsoft.Extensions.AI"];
}
