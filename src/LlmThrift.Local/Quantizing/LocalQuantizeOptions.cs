namespace LlmThrift.Local;

/// <summary>How a model is quantized.</summary>
public sealed class LocalQuantizeOptions
{
    /// <summary>Whether the source may be quantized already, which costs more quality than starting from the original. Default: false.</summary>
    public bool AllowRequantize { get; set; }

    /// <summary>Threads that compute. Default: 0, all processors.</summary>
    public int Threads { get; set; }

    /// <summary>The folder of llama.cpp's libraries. Default: null, as <see cref="LocalChatOptions.NativeLibraryPath"/>.</summary>
    public string? NativeLibraryPath { get; set; }
}
