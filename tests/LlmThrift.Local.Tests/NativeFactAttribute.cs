using LlmThrift.Local.Native;
using Xunit;

namespace LlmThrift.Local.Tests;

/// <summary>A test that needs llama.cpp's libraries, and is skipped where they are not.</summary>
public sealed class NativeFactAttribute : FactAttribute
{
    private static readonly bool IsAvailable = LlamaLibrary.IsAvailable();

    public NativeFactAttribute()
    {
        if (!IsAvailable)
        {
            Skip = $"llama.cpp's libraries are not here: see CONTRIBUTING.md, or name their folder by {LlamaLibrary.PathVariable}.";
        }
    }
}
