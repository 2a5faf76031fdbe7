using LlmThrift.Local.Native;
using Xunit;

namespace LlmThrift.Local.Tests;

/// <summary>A theory that needs llama.cpp's libraries, and is skipped where they are not.</summary>
public sealed class NativeTheoryAttribute : TheoryAttribute
{
    private static readonly bool IsAvailable = LlamaLibrary.IsAvailable();

    public NativeTheoryAttribute()
    {
        if (!IsAvailable)
        {
            Skip = $"llama.cpp's libraries are not here: see CONTRIBUTING.md, or name their folder by {LlamaLibrary.PathVariable}.";
        }
    }
}
