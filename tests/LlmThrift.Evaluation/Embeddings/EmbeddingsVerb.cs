using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using LlmThrift.Embeddings;
using Spectre.Console;

namespace LlmThrift.Evaluation.Embeddings;

/// <summary><c>embeddings</c>: compares the in-process encoder with reference vectors, and measures how fast it is.</summary>
internal static class EmbeddingsVerb
{
    /// <summary>Twelve tokens with the marks of beginning and end.</summary>
    private const string Question = "How do I change the PIN of my card?";

    private const int Passes = 500;
    private const int BatchTexts = 1500;

    /// <summary>A text longer than this is no short question.</summary>
    private const int ShortCharacters = 80;

    public static Command Create()
    {
        var data = new Option<DirectoryInfo>("--data")
        {
            Description = """Folder that holds embeddings/*.jsonl: {"text", "embedding"} a line, vectors of all-MiniLM-L6-v2.""",
            Required = true,
        };
        var json = new Option<FileInfo?>("--json") { Description = "Write the figures to this file." };
        var command = new Command("embeddings", "Compares in-process embeddings with reference vectors, and measures how fast they are.")
        {
            data,
            json,
        };
        command.SetAction((result, cancellation) => RunAsync(result.GetRequiredValue(data), result.GetValue(json), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(DirectoryInfo data, FileInfo? json, CancellationToken cancellation)
    {
        string[] files = [.. DataFiles.In(data, "embeddings", "*.jsonl", "text, embedding").Select(file => file.FullName)];
        if (files.Length == 0)
        {
            return 2;
        }

        // The first thing that the process does with the library: from nothing to the first vector.
        using var process = Process.GetCurrentProcess();
        var workingSet = process.WorkingSet64;
        var watch = Stopwatch.GetTimestamp();
        using var generator = new MiniLmEmbeddingGenerator();
        var vector = new float[MiniLmEmbeddingGenerator.Dimensions];
        var tokens = generator.Embed(Question, vector, out _);
        var load = Stopwatch.GetElapsedTime(watch).TotalMilliseconds;

        // All cores at work, before anything else is in memory.
        await generator.GenerateAsync(Enumerable.Repeat(Question, 50 * Environment.ProcessorCount), cancellationToken: cancellation);
        process.Refresh();
        workingSet = process.WorkingSet64 - workingSet;

        var texts = new List<string>();
        var cosines = new List<double>();
        foreach (var file in files.Order(StringComparer.Ordinal))
        {
            foreach (var line in File.ReadLines(file).Where(line => !string.IsNullOrWhiteSpace(line)))
            {
                var row = JsonElement.Parse(line);
                texts.Add(row.GetProperty("text").GetString()!);
                generator.Embed(texts[^1], vector, out _);
                cosines.Add(Cosine(vector, [.. row.GetProperty("embedding").EnumerateArray().Select(value => value.GetSingle())]));
            }
        }

        var milliseconds = Time(generator, vector);
        var perSecond = await BatchAsync(generator, texts, cancellation);
        var figures = new List<(string Name, string Key, double Value, string Format)>
        {
            ("Reference vectors", "vectors", cosines.Count, "N0"),
            ("Cosine to the reference, mean", "cosineMean", cosines.Average(), "F5"),
            ("Cosine to the reference, least", "cosineMin", cosines.Min(), "F5"),
            ("Tokens of the question", "questionTokens", tokens, "N0"),
            ("Milliseconds for the question, one core, median", "questionMilliseconds", milliseconds, "F2"),
            ("Short questions a second, batches on all cores", "questionsPerSecond", perSecond, "N0"),
            ("Processors", "processors", Environment.ProcessorCount, "N0"),
            ("Milliseconds to load, with the first vector", "loadMilliseconds", load, "F1"),
            ("Working set added, MB", "workingSetMegabytes", workingSet / 1e6, "F1"),
        };
        Print(figures);
        if (json is not null)
        {
            await WriteAsync(json, figures, cancellation);
        }

        return 0;
    }

    private static double Time(MiniLmEmbeddingGenerator generator, float[] vector)
    {
        var passes = new double[Passes];
        for (var pass = 0; pass < Passes; pass++)
        {
            var watch = Stopwatch.GetTimestamp();
            generator.Embed(Question, vector, out _);
            passes[pass] = Stopwatch.GetElapsedTime(watch).TotalMilliseconds;
        }

        Array.Sort(passes);
        return passes[Passes / 2];
    }

    /// <summary>The median of five batches.</summary>
    private static async Task<double> BatchAsync(MiniLmEmbeddingGenerator generator, List<string> texts, CancellationToken cancellation)
    {
        var shortTexts = texts.Where(text => text.Length <= ShortCharacters).DefaultIfEmpty(Question).ToList();
        var batch = Enumerable.Range(0, BatchTexts).Select(i => shortTexts[i % shortTexts.Count]).ToList();
        var rates = new List<double>();
        for (var pass = 0; pass < 5; pass++)
        {
            var watch = Stopwatch.GetTimestamp();
            await generator.GenerateAsync(batch, cancellationToken: cancellation);
            rates.Add(BatchTexts / Stopwatch.GetElapsedTime(watch).TotalSeconds);
        }

        rates.Sort();
        return rates[rates.Count / 2];
    }

    private static double Cosine(float[] one, float[] other)
    {
        double product = 0,
            first = 0,
            second = 0;
        for (var i = 0; i < one.Length; i++)
        {
            product += (double)one[i] * other[i];
            first += (double)one[i] * one[i];
            second += (double)other[i] * other[i];
        }

        return product / Math.Sqrt(first * second);
    }

    private static void Print(List<(string Name, string Key, double Value, string Format)> figures)
    {
        var table = new Table { Title = new TableTitle("all-MiniLM-L6-v2") };
        table.AddColumn("Figure").AddColumn(new TableColumn("Value").RightAligned());
        foreach (var (name, _, value, format) in figures)
        {
            table.AddRow(name, value.ToString(format, CultureInfo.InvariantCulture));
        }

        AnsiConsole.Write(table);
    }

    private static async Task WriteAsync(
        FileInfo json,
        List<(string Name, string Key, double Value, string Format)> figures,
        CancellationToken cancellation
    )
    {
        await using var stream = json.Create();
        await using var writer = new Utf8JsonWriter(stream);
        writer.WriteStartObject();
        foreach (var (_, key, value, _) in figures)
        {
            writer.WriteNumber(key, Math.Round(value, 6));
        }

        writer.WriteEndObject();
        await writer.FlushAsync(cancellation);
    }
}
