using LlmThrift.Local.Generation;
using LlmThrift.Local.Measuring;
using LlmThrift.Local.Models;

namespace LlmThrift.Local.Quantizing;

/// <summary>Makes an importance matrix of a model and a text.</summary>
internal static class ImportanceMeter
{
    public static void Run(
        string path,
        string text,
        string target,
        LocalImportanceMatrixOptions options,
        IProgress<double>? progress,
        CancellationToken cancellationToken
    )
    {
        using var model = LoadedModel.Load(path, options.GpuLayers);
        var windows = new TextWindows(model, text, options.ContextLength, options.MaxWindows);
        var unfinished = target + ".unfinished";

        // Made first: that it cannot be written is better known before the work than after.
        using (var stream = Create(unfinished))
        {
            try
            {
                ImportanceMatrixFile.Write(stream, Compute(model, windows, options, progress, cancellationToken));
            }
            catch
            {
                stream.Close();
                File.Delete(unfinished);
                throw;
            }
        }

        File.Move(unfinished, target, overwrite: true);
    }

    private static ImportanceMatrix Compute(
        LoadedModel model,
        TextWindows windows,
        LocalImportanceMatrixOptions options,
        IProgress<double>? progress,
        CancellationToken cancellationToken
    )
    {
        var threads = options.Threads > 0 ? options.Threads : Math.Max(1, Environment.ProcessorCount / 2);
        using var collector = new ActivationCollector(cancellationToken);
        using var context = new InferenceContext(model, windows.Length, sequences: 1, batchSize: windows.Length, threads, collector);
        for (var window = 0; window < windows.Count; window++)
        {
            cancellationToken.ThrowIfCancellationRequested();

            // The last layer leaves out tokens without an output.
            windows.Evaluate(context, window, firstOutput: 0);
            collector.ThrowIfFailed();
            progress?.Report((window + 1.0) / windows.Count);
        }

        foreach (var (name, entry) in collector.Entries)
        {
            if (Array.Exists(entry.Sums, sum => !float.IsFinite(sum)))
            {
                throw new LocalModelException(
                    $"{model.Path} computes numbers that are infinite or none at '{name}': it is damaged, or needs more range than 16 bits. Take another copy."
                );
            }
        }

        return new ImportanceMatrix(
            collector.Entries,
            options.DatasetName is { Length: > 0 } dataset ? [dataset] : [],
            windows.Count,
            windows.Length
        );
    }

    private static FileStream Create(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Create, FileAccess.Write);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new LocalModelException(
                $"{path} cannot be written: {problem.Message} Give a path in a folder that exists and may be written to.",
                problem
            );
        }
    }
}
