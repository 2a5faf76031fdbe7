using System.Reflection;
using LlmThrift.TestKit;

namespace LlmThrift.Embeddings.Tests.Architecture;

public sealed class PublicApiTests : PublicApiContract
{
    protected override Assembly Package => typeof(MiniLmEmbeddingGenerator).Assembly;
}
