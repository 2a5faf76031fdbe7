using Microsoft.Win32.SafeHandles;

namespace LlmThrift.Local.Native;

/// <summary>Owns a native sampler.</summary>
internal sealed class LlamaSamplerHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    public LlamaSamplerHandle(nint sampler)
        : base(ownsHandle: true) => SetHandle(sampler);

    protected override bool ReleaseHandle()
    {
        LlamaNative.FreeSampler(handle);
        return true;
    }
}
