namespace LlmThrift.Local.Gguf;

/// <summary>How a tensor's numbers are stored: rows are cut into blocks of equal size.</summary>
/// <param name="Name">The name that llama.cpp prints, such as Q4_K.</param>
/// <param name="BlockLength">Numbers in a block.</param>
/// <param name="BlockBytes">Bytes of a block.</param>
/// <param name="CanMultiply">
/// Whether llama.cpp can look rows up in such a matrix and multiply by it; with others it ends the process at the first token.
/// </param>
internal sealed record GgufTensorType(string Name, int BlockLength, int BlockBytes, bool CanMultiply = true)
{
    /// <summary>32-bit floats: the only type that norms and biases may have.</summary>
    public const int Float32 = 0;

    // By the number in the file, as of llama.cpp v0.5.0 (ggml.h); null: a number that is free, or whose type was removed.
    private static readonly GgufTensorType?[] All =
    [
        new("F32", 1, 4),
        new("F16", 1, 2),
        new("Q4_0", 32, 18),
        new("Q4_1", 32, 20),
        null,
        null,
        new("Q5_0", 32, 22),
        new("Q5_1", 32, 24),
        new("Q8_0", 32, 34),
        new("Q8_1", 32, 36, CanMultiply: false),
        new("Q2_K", 256, 84),
        new("Q3_K", 256, 110),
        new("Q4_K", 256, 144),
        new("Q5_K", 256, 176),
        new("Q6_K", 256, 210),
        new("Q8_K", 256, 292, CanMultiply: false),
        new("IQ2_XXS", 256, 66),
        new("IQ2_XS", 256, 74),
        new("IQ3_XXS", 256, 98),
        new("IQ1_S", 256, 50),
        new("IQ4_NL", 32, 18),
        new("IQ3_S", 256, 110),
        new("IQ2_S", 256, 82),
        new("IQ4_XS", 256, 136),
        new("I8", 1, 1, CanMultiply: false),
        new("I16", 1, 2, CanMultiply: false),
        new("I32", 1, 4, CanMultiply: false),
        new("I64", 1, 8, CanMultiply: false),
        new("F64", 1, 8, CanMultiply: false),
        new("IQ1_M", 256, 56),
        new("BF16", 1, 2),
        null,
        null,
        null,
        new("TQ1_0", 256, 54),
        new("TQ2_0", 256, 66),
        null,
        null,
        null,
        new("MXFP4", 32, 17),
        new("NVFP4", 64, 36),
        new("Q1_0", 128, 18),
        new("Q2_0", 64, 18),
    ];

    /// <summary>The type with a number, or null where there is none.</summary>
    public static GgufTensorType? Find(uint number) => number < (uint)All.Length ? All[number] : null;
}
