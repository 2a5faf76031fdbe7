using System.Globalization;
using System.Text.RegularExpressions;
using LlmThrift.Local.Gguf;
using LlmThrift.Local.Native;

namespace LlmThrift.Local.Quantizing;

/// <summary>Has llama.cpp write a model in fewer bits. One at a time in a process: what tells the progress is the library's log, which all share.</summary>
internal static partial class Quantizer
{
    private static readonly SemaphoreSlim OneAtATime = new(1);

    public static async Task RunAsync(
        string source,
        string target,
        QuantizationType type,
        LocalQuantizeOptions options,
        IProgress<QuantizationProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        var file = GgufFile.Validate(source, GgufModelUse.Any);
        if (!options.AllowRequantize && file.Quantization is { } quantization && quantization is not ("F32" or "F16" or "BF16"))
        {
            throw new LocalModelException(
                $"{source} is quantized already ({quantization}): start from the model in F32, F16 or BF16, or allow it to be rounded twice, which costs quality."
            );
        }

        if (Path.GetFullPath(source) == Path.GetFullPath(target))
        {
            throw new ArgumentException("The target is the source itself: give another path.", nameof(target));
        }

        await OneAtATime.WaitAsync(cancellationToken).ConfigureAwait(false);

        // The library cannot be stopped. A caller who leaves waits no longer; the work goes on to its end, and nobody sees the result.
        var work = Task.Run(() => Write(source, target, type, options.Threads, progress, cancellationToken), CancellationToken.None);
        await work.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private static void Write(
        string source,
        string target,
        QuantizationType type,
        int threads,
        IProgress<QuantizationProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        var unfinished = target + ".unfinished";
        try
        {
            LlamaLibrary.Listener = progress is null ? null : line => Report(line, progress);
            var parameters = LlamaNative.DefaultQuantizeParameters();
            parameters.Threads = threads;
            parameters.FileType = (int)type;
            parameters.AllowRequantize = 1;
            var result = LlamaNative.Quantize(source, unfinished, in parameters);
            if (result != 0)
            {
                throw new LocalModelException(
                    $"llama.cpp could not write {target} in {type} (code {result}); its log says why. Some types need rows of 256 values: take Q8_0 or Q4_0."
                );
            }

            cancellationToken.ThrowIfCancellationRequested();
            File.Move(unfinished, target, overwrite: true);
        }
        finally
        {
            LlamaLibrary.Listener = null;
            OneAtATime.Release();
            File.Delete(unfinished);
        }
    }

    private static void Report(string line, IProgress<QuantizationProgress> progress)
    {
        if (Step().Match(line) is { Success: true } step)
        {
            var done = int.Parse(step.Groups["done"].ValueSpan, CultureInfo.InvariantCulture);
            progress.Report(new QuantizationProgress(done, int.Parse(step.Groups["total"].ValueSpan, CultureInfo.InvariantCulture)));
        }
    }

    [GeneratedRegex(@"^\[ *(?<done>\d+)/ *(?<total>\d+)\]", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Step();
}
