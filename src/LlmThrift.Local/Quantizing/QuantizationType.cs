namespace LlmThrift.Local;

#pragma warning disable CA1707 // The names are those of the field, and of files.

/// <summary>
/// How weights are rounded. Fewer bits: smaller and faster, and further from the model as it was trained. The numbers are llama.cpp's. Types that begin with IQ
/// take their steps from tables: nearer to the model at the same size, and more to compute. A matrix whose rows are no multiple of 256 falls back to blocks of 32,
/// with more bits.
/// </summary>
public enum QuantizationType
{
    /// <summary>32-bit floats.</summary>
    F32 = 0,

    /// <summary>16-bit floats: as good as the original.</summary>
    F16 = 1,

    /// <summary>4 bits in blocks of 32, 4.5 with the scale. The simplest 4-bit form.</summary>
    Q4_0 = 2,

    /// <summary>8 bits in blocks of 32, 8.5 with the scale. Hardly to be told from 16.</summary>
    Q8_0 = 7,

    /// <summary>Some 3 bits.</summary>
    Q2_K = 10,

    /// <summary>Some 3.5 bits.</summary>
    Q3_K_S = 11,

    /// <summary>Some 3.9 bits: for large models in little memory.</summary>
    Q3_K_M = 12,

    /// <summary>Some 4.3 bits.</summary>
    Q3_K_L = 13,

    /// <summary>Some 4.6 bits.</summary>
    Q4_K_S = 14,

    /// <summary>Some 4.9 bits, more for the tensors that matter most. The usual choice.</summary>
    Q4_K_M = 15,

    /// <summary>Some 5.5 bits.</summary>
    Q5_K_S = 16,

    /// <summary>Some 5.7 bits.</summary>
    Q5_K_M = 17,

    /// <summary>Some 6.6 bits.</summary>
    Q6_K = 18,

    /// <summary>Some 2.1 bits. Needs an importance matrix.</summary>
    IQ2_XXS = 19,

    /// <summary>Some 2.3 bits. Needs an importance matrix.</summary>
    IQ2_XS = 20,

    /// <summary>Some 2.8 bits. Needs an importance matrix.</summary>
    Q2_K_S = 21,

    /// <summary>Some 3.3 bits. Needs an importance matrix.</summary>
    IQ3_XS = 22,

    /// <summary>Some 3.1 bits. Needs an importance matrix.</summary>
    IQ3_XXS = 23,

    /// <summary>Some 1.6 bits: hardly a model any more. Needs an importance matrix.</summary>
    IQ1_S = 24,

    /// <summary>4.5 bits at unequal steps.</summary>
    IQ4_NL = 25,

    /// <summary>Some 3.4 bits.</summary>
    IQ3_S = 26,

    /// <summary>Some 3.7 bits, more for the tensors that matter most.</summary>
    IQ3_M = 27,

    /// <summary>Some 2.5 bits. Needs an importance matrix.</summary>
    IQ2_S = 28,

    /// <summary>Some 2.7 bits. Needs an importance matrix.</summary>
    IQ2_M = 29,

    /// <summary>4.25 bits at unequal steps.</summary>
    IQ4_XS = 30,

    /// <summary>Some 1.8 bits. Needs an importance matrix.</summary>
    IQ1_M = 31,

    /// <summary>16-bit floats with the range of 32-bit ones.</summary>
    BF16 = 32,
}
