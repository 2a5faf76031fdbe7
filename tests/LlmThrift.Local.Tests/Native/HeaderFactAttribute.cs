using Xunit;

namespace LlmThrift.Local.Tests.Native;

/// <summary>A test that needs llama.cpp's headers and a C compiler, and is skipped where they are not.</summary>
public sealed class HeaderFactAttribute : FactAttribute
{
    public HeaderFactAttribute() => Skip = LlamaHeaders.Problem;
}
