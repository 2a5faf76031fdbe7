using System.Runtime.InteropServices;

namespace LlmThrift.Local.Native;

/// <summary><c>llama_token_data_array</c>: the candidates for the next token. Samplers may set the pointer anew.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LlamaTokenDataArray
{
    public LlamaTokenData* Candidates;
    public nuint Count;
    public long Selected;
    public byte IsSorted;
}
