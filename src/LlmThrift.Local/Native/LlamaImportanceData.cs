using System.Runtime.InteropServices;

namespace LlmThrift.Local.Native;

/// <summary><c>llama_model_imatrix_data</c>: how much each column of a matrix matters. An array of them ends with one that has no name.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LlamaImportanceData
{
    public byte* Name;
    public float* Data;
    public nuint Count;
}
