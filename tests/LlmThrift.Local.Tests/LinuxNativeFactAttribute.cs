using Xunit;

namespace LlmThrift.Local.Tests;

/// <summary>A test that needs llama.cpp's libraries and the C library of Linux, and is skipped where they are not.</summary>
public sealed class LinuxNativeFactAttribute : FactAttribute
{
    public LinuxNativeFactAttribute() =>
        Skip = OperatingSystem.IsLinux() ? new NativeFactAttribute().Skip : "Memory is measured by what Linux says of it.";
}
