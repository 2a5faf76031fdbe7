using System.Runtime.InteropServices;

namespace LlmThrift.Local.Native;

/// <summary><c>llama_batch</c>: tokens of several sequences that are evaluated at once.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LlamaBatch
{
    public int Count;
    public int* Tokens;
    public float* Embeddings;
    public int* Positions;
    public int* SequenceCounts;
    public int** Sequences;
    public byte* Outputs;
}
