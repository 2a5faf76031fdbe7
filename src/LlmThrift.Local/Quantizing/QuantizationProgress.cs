namespace LlmThrift.Local;

/// <summary>How far a quantization is.</summary>
/// <param name="Done">Tensors that are written.</param>
/// <param name="Total">All of them.</param>
public readonly record struct QuantizationProgress(int Done, int Total);
