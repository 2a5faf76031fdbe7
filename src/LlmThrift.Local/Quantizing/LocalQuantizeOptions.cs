namespace LlmThrift.Local;

/// <summary>How a model is quantized.</summary>
public sealed class LocalQuantizeOptions
{
    /// <summary>Whether the source may be quantized already, which costs more quality than starting from the original. Default: false.</summary>
    public bool AllowRequantize { get; set; }

    /// <summary>
    /// An importance matrix of the same model: errors of rounding are weighed by what the model's inputs make of them, which keeps more quality, the more so
    /// the fewer the bits. GGUF as <see cref="LocalModel.ComputeImportanceMatrixAsync"/> and llama.cpp's <c>llama-imatrix</c> write it, or the latter's older .dat.
    /// Default: null, none.
    /// </summary>
    public string? ImportanceMatrixPath { get; set; }

    /// <summary>Threads that compute. Default: 0, all processors.</summary>
    public int Threads { get; set; }

    /// <summary>The folder of llama.cpp's libraries. Default: null, as <see cref="LocalChatOptions.NativeLibraryPath"/>.</summary>
    public string? NativeLibraryPath { get; set; }
}
