using LlmThrift.Local;
using LlmThrift.Pricing;
using Spectre.Console;

namespace LocalBackend;

/// <summary>Models in fewer bits, and what that does to them.</summary>
internal static class Measuring
{
    public static Task ImportanceAsync(string model, string text, string target, int context, CancellationToken cancellation) =>
        Bars.RunAsync(async bars =>
        {
            await LocalModel.ComputeImportanceMatrixAsync(
                model,
                await File.ReadAllTextAsync(text, cancellation),
                target,
                new LocalImportanceMatrixOptions { ContextLength = context, DatasetName = Path.GetFileName(text) },
                new Telling<double>(bars.Add($"read {Path.GetFileName(text)}")),
                cancellation
            );
            Console.WriteLine($"{target}: give it to quantize or measure by --imatrix");
        });

    public static Task QuantizeAsync(
        string source,
        string target,
        QuantizationType type,
        string? importance,
        CancellationToken cancellation
    ) =>
        Bars.RunAsync(async bars =>
        {
            await QuantizeAsync(bars, source, target, type, importance, cancellation);
            Console.WriteLine($"{target}: {Megabytes(new FileInfo(target).Length)} instead of {Megabytes(new FileInfo(source).Length)}");
        });

    public static async Task CompareAsync(
        string model,
        string text,
        QuantizationType[] types,
        string? importance,
        int context,
        int? megabytes,
        decimal usdPerHour,
        CancellationToken cancellation
    )
    {
        if (importance is null && types.Where(LocalModel.RequiresImportanceMatrix).ToList() is { Count: > 0 } needing)
        {
            throw new ArgumentException(
                $"{string.Join(", ", needing)} need an importance matrix: make one by the verb imatrix, and name it by --imatrix.",
                nameof(types)
            );
        }

        var folder = Directory.CreateTempSubdirectory("llmthrift-");
        try
        {
            var content = await File.ReadAllTextAsync(text, cancellation);
            var rows = new List<LocalModelMeasurement>();
            await Bars.RunAsync(async bars =>
            {
                rows.Add(await MeasureAsync(bars, model, content, model, context, cancellation));
                foreach (var type in types)
                {
                    var target = Path.Combine(folder.FullName, $"{type}.gguf");
                    await QuantizeAsync(bars, model, target, type, importance, cancellation);
                    rows.Add(await MeasureAsync(bars, target, content, model, context, cancellation));
                    File.Delete(target);
                }
            });
            Print(rows, usdPerHour);
            if (megabytes is { } limit)
            {
                Recommend(rows, limit);
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task QuantizeAsync(
        Bars bars,
        string source,
        string target,
        QuantizationType type,
        string? importance,
        CancellationToken cancellation
    )
    {
        var bar = bars.Add($"quantize {type}");
        await LocalModel.QuantizeAsync(
            source,
            target,
            type,
            new Telling<QuantizationProgress>(progress => bar((double)progress.Done / progress.Total)),
            new LocalQuantizeOptions { ImportanceMatrixPath = importance },
            cancellation
        );
        bar(1);
    }

    private static Task<LocalModelMeasurement> MeasureAsync(
        Bars bars,
        string path,
        string text,
        string reference,
        int context,
        CancellationToken cancellation
    ) =>
        LocalModel.MeasureAsync(
            path,
            text,
            new LocalMeasureOptions { ReferencePath = reference, ContextLength = context },
            new Telling<double>(bars.Add($"measure {Path.GetFileNameWithoutExtension(path)}")),
            cancellation
        );

    private static void Print(List<LocalModelMeasurement> rows, decimal usdPerHour)
    {
        var table = new Table();
        foreach (
            var column in (ReadOnlySpan<string>)
                [
                    "Level",
                    "File",
                    "In memory",
                    "Perplexity",
                    "KL divergence",
                    "Same top token",
                    "Prompt tokens/s",
                    "Tokens/s",
                    "USD per 1M",
                    "Loads in",
                ]
        )
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        foreach (var row in rows)
        {
            table.AddRow(
                LevelOf(row),
                Megabytes(row.FileBytes),
                Megabytes(row.WorkingBytes),
                $"{row.Perplexity:F3}",
                $"{row.KlDivergence:F5}",
                $"{row.TopTokenAgreement:P1}",
                $"{row.PromptTokensPerSecond:F0}",
                $"{row.GenerationTokensPerSecond:F0}",
                $"{new SelfHostedPrice(usdPerHour, (decimal)row.GenerationTokensPerSecond).UsdPerMillionTokens:F2}",
                $"{row.LoadTime.TotalMilliseconds:F0} ms"
            );
        }

        AnsiConsole.Write(table);
    }

    private static void Recommend(List<LocalModelMeasurement> rows, int megabytes)
    {
        var best = LocalModelMeasurement.Best(rows, megabytes * 1_000_000L);
        Console.WriteLine(
            best is null
                ? $"None works in {megabytes} MB; the smallest takes {Megabytes(rows.Min(row => row.WorkingBytes))}."
                : $"In {megabytes} MB the best is {LevelOf(best)}: {best.TopTokenAgreement:P1} of its likeliest tokens are those of the original."
        );
    }

    private static string LevelOf(LocalModelMeasurement row) => row.Quantization ?? "as it is";

    private static string Megabytes(long bytes) => $"{bytes / 1e6:N1} MB";
}
