using LlmThrift.SemanticCache;
using LlmThrift.TestKit;
using LlmThrift.TestKit.Stores;

namespace LlmThrift.Tests.SemanticCache;

public sealed class MemorySemanticStoreTests : SemanticCacheStoreContract
{
    protected override ISemanticCacheStore Store { get; } = new MemorySemanticStore();
}
