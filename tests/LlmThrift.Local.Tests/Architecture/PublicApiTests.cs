using System.Reflection;
using LlmThrift.TestKit;

namespace LlmThrift.Local.Tests.Architecture;

public sealed class PublicApiTests : PublicApiContract
{
    protected override Assembly Package => typeof(LocalChatClient).Assembly;

    protected override IReadOnlyCollection<string> MayReferTo => ["Microsoft.Extensions.AI"];
}
