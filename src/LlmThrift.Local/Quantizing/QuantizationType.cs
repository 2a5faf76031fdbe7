namespace LlmThrift.Local;

#pragma warning disable CA1707 // The names are those of the field, and of files.

/// <summary>How weights are rounded. Fewer bits: smaller and faster, and further from the model as it was trained. The numbers are llama.cpp's.</summary>
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

    /// <summary>Some 3.9 bits: for large models in little memory.</summary>
    Q3_K_M = 12,

    /// <summary>Some 4.9 bits, more for the tensors that matter most. The usual choice.</summary>
    Q4_K_M = 15,

    /// <summary>Some 5.7 bits.</summary>
    Q5_K_M = 17,

    /// <summary>Some 6.6 bits.</summary>
    Q6_K = 18,

    /// <summary>4.5 bits at unequal steps.</summary>
    IQ4_NL = 25,

    /// <summary>4.25 bits at unequal steps.</summary>
    IQ4_XS = 30,
}
