using Microsoft.Win32.SafeHandles;

namespace LlmThrift.Local.Native;

/// <summary>Owns a native context.</summary>
internal sealed class LlamaContextHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    public LlamaContextHandle(nint context)
        : base(ownsHandle: true) => SetHandle(context);

    protected override bool ReleaseHandle()
    {
        LlamaNative.FreeContext(handle);
        return true;
    }
}
