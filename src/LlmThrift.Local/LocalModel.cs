using LlmThrift.Local.Measuring;
using LlmThrift.Local.Native;
using LlmThrift.Local.Quantizing;

namespace LlmThrift.Local;

/// <summary>Makes models smaller, and measures what that costs. Safe for concurrent use.</summary>
public static class LocalModel
{
    /// <summary>Whether llama.cpp's libraries are found, without which nothing here works.</summary>
    /// <param name="nativeLibraryPath">Their folder; null for the usual places.</param>
    /// <returns>Whether they are.</returns>
    public static bool IsSupported(string? nativeLibraryPath = null) => LlamaLibrary.IsAvailable(nativeLibraryPath);

    /// <summary>Writes a model with its weights rounded to fewer bits (post-training quantization).</summary>
    /// <param name="source">A GGUF file in F32, F16 or BF16.</param>
    /// <param name="target">The file to write. What is there is replaced when the new one is whole.</param>
    /// <param name="type">How the weights are rounded.</param>
    /// <param name="progress">Told of each tensor.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the waiting. llama.cpp cannot be stopped: its work goes on, and the result is thrown away.</param>
    /// <returns>A task that ends when the file is written.</returns>
    /// <exception cref="LocalModelException">A file cannot be read or written, or does not fit the type; the message says why.</exception>
    /// <exception cref="ArgumentException">Source and target are the same file, or the type is not known.</exception>
    public static async Task QuantizeAsync(
        string source,
        string target,
        QuantizationType type,
        IProgress<QuantizationProgress>? progress = null,
        LocalQuantizeOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(source);
        ArgumentException.ThrowIfNullOrWhiteSpace(target);
        options ??= new LocalQuantizeOptions();
        if (options.Threads < 0)
        {
            throw new ArgumentException($"Threads is {options.Threads}: 0 for all processors, or a number of threads.", nameof(options));
        }

        if (!Enum.IsDefined(type))
        {
            throw new ArgumentOutOfRangeException(
                nameof(type),
                type,
                $"The type is not known: take one of {string.Join(", ", Enum.GetNames<QuantizationType>())}."
            );
        }

        LlamaLibrary.Load(options.NativeLibraryPath, logger: null);
        await Quantizer.RunAsync(source, target, type, options, progress, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Measures a model: quality on a text, speed, size.</summary>
    /// <param name="path">A GGUF file.</param>
    /// <param name="text">A text of the kind that the model will see, of two windows at least.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="progress">Told how much is done, from 0 to 1.</param>
    /// <param name="cancellationToken">Cancels between two windows.</param>
    /// <returns>What was measured.</returns>
    /// <exception cref="LocalModelException">The model cannot be loaded; the message says why.</exception>
    /// <exception cref="ArgumentException">The text is too short, the reference is another model, or a value of the options is not allowed.</exception>
    public static async Task<LocalModelMeasurement> MeasureAsync(
        string path,
        string text,
        LocalMeasureOptions? options = null,
        IProgress<double>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        ArgumentNullException.ThrowIfNull(text);
        options ??= new LocalMeasureOptions();
        if (options.ContextLength < 16 || options.MaxWindows < 1 || options.Threads < 0)
        {
            throw new ArgumentException(
                $"ContextLength is {options.ContextLength} (at least 16), MaxWindows {options.MaxWindows} (at least 1), Threads {options.Threads} (at least 0).",
                nameof(options)
            );
        }

        LlamaLibrary.Load(options.NativeLibraryPath, logger: null);
        return await Task.Run(() => ModelMeter.Measure(path, text, options, progress, cancellationToken), cancellationToken)
            .ConfigureAwait(false);
    }
}
