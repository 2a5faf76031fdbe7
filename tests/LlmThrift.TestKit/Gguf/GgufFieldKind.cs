namespace LlmThrift.TestKit.Gguf;

/// <summary>What is at a place in a GGUF file.</summary>
public enum GgufFieldKind
{
    Magic,
    Version,
    TensorCount,
    KeyCount,
    KeyLength,
    Key,
    ValueType,
    ElementType,
    ElementCount,
    Value,
    TensorNameLength,
    TensorName,
    Rank,
    Dimension,
    TensorType,
    TensorOffset,
}
