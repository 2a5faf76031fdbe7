using System.Buffers.Binary;
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using LlmThrift.Tokens;
using Spectre.Console;

namespace LlmThrift.Evaluation;

/// <summary><c>tokens</c>: counts a file's tokens and measures how fast.</summary>
internal static class TokensVerb
{
    private const int Passes = 9;

    public static Command Create()
    {
        var file = new Option<FileInfo>("--file") { Description = "The text, in UTF-8.", Required = true };
        var encoding = new Option<string>("--encoding")
        {
            Description = "o200k_base or cl100k_base.",
            DefaultValueFactory = _ => "o200k_base",
        };
        var lines = new Option<bool>("--lines")
        {
            Description =
                "Count each line as a text of its own: what stands between line feeds, carriage returns kept; no text after a last line feed.",
        };
        var expected = new Option<FileInfo?>("--expect")
        {
            Description = "Compare every token with those of build/tools/TokenOracle in this file (implies --lines).",
        };
        var json = new Option<FileInfo?>("--json") { Description = "Write the figures to this file." };
        var command = new Command("tokens", "Counts a file's tokens and measures how fast.") { file, encoding, lines, expected, json };
        command.SetAction(result =>
            Run(
                result.GetRequiredValue(file),
                result.GetRequiredValue(encoding),
                result.GetValue(lines),
                result.GetValue(expected),
                result.GetValue(json)
            )
        );
        return command;
    }

    private static int Run(FileInfo file, string encodingName, bool lines, FileInfo? expected, FileInfo? json)
    {
        if (encodingName is not ("o200k_base" or "cl100k_base"))
        {
            return Fail($"There is no encoding '{encodingName}' here; take o200k_base or cl100k_base.");
        }

        foreach (var needed in new[] { file, expected })
        {
            if (needed is { Exists: false })
            {
                return Fail($"There is no file '{needed.FullName}'.");
            }
        }

        // The first thing that the process does with the library: from nothing to the first count.
        var loading = Stopwatch.StartNew();
        var encoding = encodingName == "o200k_base" ? BytePairEncoding.O200kBase : BytePairEncoding.Cl100kBase;
        encoding.CountTokens("ready");
        loading.Stop();

        var bytes = File.ReadAllBytes(file.FullName);
        var content = Encoding.UTF8.GetString(bytes);
        if (expected is not null)
        {
            return Compare(encoding, content.Split('\n'), expected);
        }

        List<ReadOnlyMemory<char>> texts = lines ? SplitLines(content) : [content.AsMemory()];

        // Compiled on another text, then timed: the first pass is the first to look this text's tokens up; later ones find them in the processor's caches,
        // so the first one is the figure that counts.
        var warmUp = string.Concat(
            Enumerable.Range(0, 2000).Select(i => string.Create(CultureInfo.InvariantCulture, $"Größe {i}: x{i}='y'ABc\r\n\tz ! "))
        );
        encoding.CountTokens(warmUp);
        encoding.CountTokens("warm up");

        var seconds = new double[Passes];
        var tokens = 0L;
        var allocated = 0L;
        for (var pass = 0; pass < Passes; pass++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var watch = Stopwatch.GetTimestamp();
            tokens = Count(encoding, texts);
            seconds[pass] = Stopwatch.GetElapsedTime(watch).TotalSeconds;
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        var first = MegabytesPerSecond(bytes.Length, seconds[0]);
        Array.Sort(seconds);
        var best = MegabytesPerSecond(bytes.Length, seconds[0]);
        var median = MegabytesPerSecond(bytes.Length, seconds[Passes / 2]);
        if (json is not null)
        {
            WriteJson(json, tokens, first, allocated, loading.Elapsed.TotalMilliseconds);
        }

        var table = new Table { Title = new TableTitle(Markup.Escape($"{file.Name}, {encodingName}")) };
        table.AddColumn("Figure").AddColumn(new TableColumn("Value").RightAligned());
        AddRow("Texts", texts.Count, "N0");
        AddRow("UTF-8 bytes", bytes.Length, "N0");
        AddRow("Tokens", tokens, "N0");
        AddRow("MB/s, one core, first pass", first, "N1");
        AddRow("MB/s, one core, median of nine passes", median, "N1");
        AddRow("MB/s, one core, best of nine passes", best, "N1");
        AddRow("Bytes allocated by a pass", allocated, "N0");
        AddRow("Milliseconds to load", loading.Elapsed.TotalMilliseconds, "N1");
        AnsiConsole.Write(table);
        return 0;

        void AddRow(string name, double value, string format) => table.AddRow(name, value.ToString(format, CultureInfo.InvariantCulture));
    }

    private static long Count(BytePairEncoding encoding, List<ReadOnlyMemory<char>> texts)
    {
        var tokens = 0L;
        foreach (var text in texts)
        {
            tokens += encoding.CountTokens(text.Span);
        }

        return tokens;
    }

    private static List<ReadOnlyMemory<char>> SplitLines(string content)
    {
        var texts = new List<ReadOnlyMemory<char>>();
        for (var start = 0; start < content.Length; )
        {
            var end = content.IndexOf('\n', start);
            end = end < 0 ? content.Length : end;
            texts.Add(content.AsMemory(start, end - start));
            start = end + 1;
        }

        return texts;
    }

    private static int Compare(BytePairEncoding encoding, string[] texts, FileInfo expected)
    {
        var ids = File.ReadAllBytes(expected.FullName).AsSpan();
        var compared = 0;
        var different = 0;
        while (!ids.IsEmpty)
        {
            var text = texts[compared++];
            var oracle = new int[BinaryPrimitives.ReadInt32LittleEndian(ids)];
            for (var i = 0; i < oracle.Length; i++)
            {
                oracle[i] = BinaryPrimitives.ReadInt32LittleEndian(ids[(4 + (4 * i))..]);
            }

            ids = ids[(4 + (4 * oracle.Length))..];
            var ours = encoding.Encode(text);
            if (!ours.AsSpan().SequenceEqual(oracle) || encoding.CountTokens(text) != oracle.Length)
            {
                if (different++ < 10)
                {
                    var line = compared.ToString(CultureInfo.InvariantCulture);
                    AnsiConsole.WriteLine($"Line {line}: {string.Join(' ', ours.Take(50))} instead of {string.Join(' ', oracle.Take(50))}");
                }
            }
        }

        AnsiConsole.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{compared:N0} texts compared, {different:N0} different."));
        return different == 0 ? 0 : 1;
    }

    private static double MegabytesPerSecond(long bytes, double seconds) => bytes / seconds / 1e6;

    private static void WriteJson(FileInfo json, long tokens, double megabytesPerSecond, long allocatedBytes, double loadMilliseconds)
    {
        using var stream = json.Create();
        using var writer = new Utf8JsonWriter(stream);
        writer.WriteStartObject();
        writer.WriteNumber("tokens", tokens);
        writer.WriteNumber("megabytesPerSecond", Math.Round(megabytesPerSecond, 2));
        writer.WriteNumber("allocatedBytes", allocatedBytes);
        writer.WriteNumber("loadMilliseconds", Math.Round(loadMilliseconds, 2));
        writer.WriteEndObject();
    }

    private static int Fail(string message)
    {
        Console.Error.WriteLine(message);
        return 2;
    }
}
