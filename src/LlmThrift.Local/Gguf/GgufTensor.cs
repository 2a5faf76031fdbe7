namespace LlmThrift.Local.Gguf;

/// <summary>A tensor of a GGUF file: its shape and where its numbers lie.</summary>
/// <param name="Name">The name, such as blk.0.attn_q.weight.</param>
/// <param name="Dimensions">One to four dimensions, the row's length first.</param>
/// <param name="TypeNumber">The number of the type in the file.</param>
/// <param name="Type">How the numbers are stored.</param>
/// <param name="Offset">Where the numbers begin, in bytes from the beginning of the file.</param>
/// <param name="ByteLength">How many bytes they take.</param>
/// <param name="ElementCount">How many numbers there are.</param>
internal sealed record GgufTensor(
    string Name,
    IReadOnlyList<long> Dimensions,
    int TypeNumber,
    GgufTensorType Type,
    long Offset,
    long ByteLength,
    long ElementCount
)
{
    /// <summary>The dimensions as text, such as 64 x 512.</summary>
    public string Shape => GgufProblem.Shape(Dimensions);
}
