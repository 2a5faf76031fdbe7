using System.Runtime.InteropServices;

namespace LlmThrift.Local.Native;

/// <summary><c>ggml_tensor</c> of llama.cpp 0.5.0: a node of the graph that is computed. Only read.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct GgmlTensor
{
    public int Type;
    public nint Buffer;

    /// <summary>Numbers in each dimension, the row's length first.</summary>
    public fixed long Lengths[4];

    /// <summary>Bytes from one to the next in each dimension.</summary>
    public fixed ulong Strides[4];
    public int Operation;
    public fixed int Parameters[16];
    public int Flags;
    public GgmlTensor* Source0;
    public GgmlTensor* Source1;
    public GgmlTensor* Source2;
    public fixed long OtherSources[7];
    public nint ViewSource;
    public nuint ViewOffset;
    public byte* Data;
    public fixed byte Name[64];
    public nint Extra;
    public fixed byte Padding[8];
}
