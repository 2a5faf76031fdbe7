namespace LlmThrift.Local;

/// <summary>How an importance matrix is computed.</summary>
public sealed class LocalImportanceMatrixOptions
{
    /// <summary>Tokens of a window, from 16. Default: 512, as in llama.cpp's own tool; no more than the model was trained for.</summary>
    public int ContextLength { get; set; } = 512;

    /// <summary>How many windows at most. Default: all of the text. Some 100 to 200 are enough.</summary>
    public int MaxWindows { get; set; } = int.MaxValue;

    /// <summary>The text's name, which is written into the matrix and into models that are quantized with it. Default: null, none.</summary>
    public string? DatasetName { get; set; }

    /// <summary>Threads that compute. Default: 0, half of the logical processors, at least 1.</summary>
    public int Threads { get; set; }

    /// <summary>Layers that are computed by a GPU; -1 for all. Default: -1.</summary>
    public int GpuLayers { get; set; } = -1;

    /// <summary>The folder of llama.cpp's libraries. Default: null, as <see cref="LocalChatOptions.NativeLibraryPath"/>.</summary>
    public string? NativeLibraryPath { get; set; }
}
