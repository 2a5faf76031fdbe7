namespace LlmThrift.Local;

/// <summary>How a model is measured.</summary>
public sealed class LocalMeasureOptions
{
    /// <summary>The model to compare with, the same one not quantized. Default: null, no comparison. Both are in memory at once.</summary>
    public string? ReferencePath { get; set; }

    /// <summary>Tokens of a window, from 16. Default: 512, as in llama.cpp's own tool; no more than the model was trained for.</summary>
    public int ContextLength { get; set; } = 512;

    /// <summary>How many windows at most. Default: 64.</summary>
    public int MaxWindows { get; set; } = 64;

    /// <summary>Threads that compute. Default: 0, half of the logical processors, at least 1.</summary>
    public int Threads { get; set; }

    /// <summary>Layers that are computed by a GPU; -1 for all. Default: -1.</summary>
    public int GpuLayers { get; set; } = -1;

    /// <summary>The folder of llama.cpp's libraries. Default: null, as <see cref="LocalChatOptions.NativeLibraryPath"/>.</summary>
    public string? NativeLibraryPath { get; set; }
}
