namespace LlmThrift.Local.Gguf;

/// <summary>The names of general.file_type.</summary>
internal static class GgufQuantization
{
    // By number, as of llama.cpp v0.5.0 (llama_ftype in llama.h); null: not in use.
    private static readonly string?[] Names =
    [
        "F32",
        "F16",
        "Q4_0",
        "Q4_1",
        null,
        null,
        null,
        "Q8_0",
        "Q5_0",
        "Q5_1",
        "Q2_K",
        "Q3_K_S",
        "Q3_K_M",
        "Q3_K_L",
        "Q4_K_S",
        "Q4_K_M",
        "Q5_K_S",
        "Q5_K_M",
        "Q6_K",
        "IQ2_XXS",
        "IQ2_XS",
        "Q2_K_S",
        "IQ3_XS",
        "IQ3_XXS",
        "IQ1_S",
        "IQ4_NL",
        "IQ3_S",
        "IQ3_M",
        "IQ2_S",
        "IQ2_M",
        "IQ4_XS",
        "IQ1_M",
        "BF16",
        null,
        null,
        null,
        "TQ1_0",
        "TQ2_0",
        "MXFP4",
        "NVFP4",
        "Q1_0",
        "Q2_0",
    ];

    /// <summary>The name of a number of general.file_type, or null where it has none.</summary>
    public static string? Name(long? fileType) => fileType is >= 0 && fileType < Names.Length ? Names[fileType.Value] : null;
}
