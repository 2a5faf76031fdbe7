namespace LlmThrift.Local.Gguf;

/// <summary>A value of the metadata. Arrays stay in the file: only their place is kept.</summary>
internal sealed class GgufValue
{
    /// <summary>The value's type.</summary>
    public required GgufValueType Type { get; init; }

    /// <summary>The value as it was read: a boxed number or Boolean, or a string; null for an array.</summary>
    public object? Scalar { get; init; }

    /// <summary>The type of an array's elements.</summary>
    public GgufValueType ElementType { get; init; }

    /// <summary>How many elements an array has.</summary>
    public long Count { get; init; }

    /// <summary>Where an array's elements begin in the file.</summary>
    public long Offset { get; init; }

    /// <summary>The type in words, such as UInt32, or Text[512].</summary>
    public string Description => Type == GgufValueType.Array ? $"{ElementType}[{GgufProblem.Number(Count)}]" : Type.ToString();
}
