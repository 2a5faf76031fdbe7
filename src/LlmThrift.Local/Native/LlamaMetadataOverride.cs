using System.Runtime.InteropServices;

namespace LlmThrift.Local.Native;

/// <summary><c>llama_model_kv_override</c>: a value of the metadata. An array of them ends with one whose key is empty.</summary>
[StructLayout(LayoutKind.Explicit, Size = 264)]
internal unsafe struct LlamaMetadataOverride
{
    public const int IntegerKind = 0;
    public const int TextKind = 3;

    /// <summary>The longest key and the longest text, in bytes; both end with a zero.</summary>
    public const int Longest = 127;

    [FieldOffset(0)]
    public int Kind;

    [FieldOffset(4)]
    public fixed byte Key[Longest + 1];

    [FieldOffset(136)]
    public long Integer;

    [FieldOffset(136)]
    public fixed byte Text[Longest + 1];
}
