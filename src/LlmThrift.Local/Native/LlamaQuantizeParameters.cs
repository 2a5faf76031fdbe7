using System.Runtime.InteropServices;

namespace LlmThrift.Local.Native;

/// <summary><c>llama_model_quantize_params</c> of version 0.5.0.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LlamaQuantizeParameters
{
    public int Threads;
    public int FileType;
    public int OutputTensorType;
    public int TokenEmbeddingType;
    public byte AllowRequantize;
    public byte QuantizeOutputTensor;
    public byte OnlyCopy;
    public byte Pure;
    public byte KeepSplit;
    public byte DryRun;
    public nint ImportanceMatrix;
    public nint MetadataOverrides;
    public nint TensorTypes;
    public nint PrunedLayers;
    public nuint MaxBufferSize;
}
