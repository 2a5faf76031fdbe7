using Xunit;

namespace LlmThrift.Local.Tests;

/// <summary>Tests that need llama.cpp's libraries, and are skipped where they are not.</summary>
public sealed class NativeTheoryAttribute : TheoryAttribute
{
    public NativeTheoryAttribute() => Skip = new NativeFactAttribute().Skip;
}
