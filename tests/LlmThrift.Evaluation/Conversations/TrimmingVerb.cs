using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using LlmThrift.Embeddings;
using Spectre.Console;

namespace LlmThrift.Evaluation.Conversations;

/// <summary><c>trimming</c>: how much of the evidence for a question is left when a conversation is trimmed.</summary>
internal static class TrimmingVerb
{
    public static Command Create()
    {
        var data = new Option<DirectoryInfo>("--data")
        {
            Description =
                "Folder that holds conversations/*.jsonl: {\"id\",\"turns\":[{\"id\",\"speaker\",\"text\"}],\"questions\":[{\"question\",\"evidence\"}]}.",
            Required = true,
        };
        var json = new Option<FileInfo?>("--json") { Description = "Write the figures to this file." };
        var command = new Command("trimming", "Trims conversations for questions about them, and counts the evidence that is left.")
        {
            data,
            json,
        };
        command.SetAction((result, cancellation) => RunAsync(result.GetRequiredValue(data), result.GetValue(json), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(DirectoryInfo data, FileInfo? json, CancellationToken cancellation)
    {
        var files = DataFiles.In(data, "conversations", "*.jsonl", "id, turns, questions");
        if (files.Length == 0)
        {
            return 2;
        }

        using var generator = new MiniLmEmbeddingGenerator();
        var results = new List<TrimmingResult>();
        foreach (var file in files)
        {
            try
            {
                var name = Path.GetFileNameWithoutExtension(file.Name);
                results.Add(await TrimmingEvaluation.RunAsync(name, Conversation.ReadAll(file), generator, cancellation));
            }
            catch (InvalidDataException exception)
            {
                await Console.Error.WriteLineAsync(exception.Message);
                return 2;
            }
        }

        foreach (var result in results)
        {
            Print(result);
        }

        if (json is not null)
        {
            Write(json, results);
        }

        return 0;
    }

    private static void Print(TrimmingResult result)
    {
        var culture = CultureInfo.InvariantCulture;
        var title = string.Create(culture, $"{Markup.Escape(result.Name)}: evidence kept, {result.Questions:N0} questions");
        var table = new Table { Title = new TableTitle(title) };
        table.AddColumn("Tokens");
        foreach (var column in (string[])["ours", "without embeddings", "BM25", "last N"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        foreach (var (percentage, shares) in result.Budgets)
        {
            table.AddRow(
                $"{percentage} %",
                shares.Ours.ToString("P1", culture),
                shares.WithoutEmbeddings.ToString("P1", culture),
                shares.Bm25.ToString("P1", culture),
                shares.LastN.ToString("P1", culture)
            );
        }

        AnsiConsole.Write(table);
        AnsiConsole.WriteLine(
            string.Create(
                culture,
                $"{result.TokensPerConversation:N0} tokens a conversation; a trim takes {result.MillisecondsPerTrim:F2} ms, {result.MillisecondsWithoutEmbeddings:F2} ms without embeddings; {result.Violations} violations."
            )
        );
    }

    private static void Write(FileInfo json, List<TrimmingResult> results)
    {
        using var stream = json.Create();
        using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        writer.WriteStartObject();
        writer.WriteStartObject("files");
        foreach (var result in results)
        {
            writer.WriteStartObject(result.Name);
            writer.WriteNumber("questions", result.Questions);
            writer.WriteNumber("violations", result.Violations);
            writer.WriteNumber("millisecondsPerTrim", Math.Round(result.MillisecondsPerTrim, 4));
            writer.WriteNumber("millisecondsPerTrimWithoutEmbeddings", Math.Round(result.MillisecondsWithoutEmbeddings, 4));
            writer.WriteStartObject("budgets");
            foreach (var (percentage, shares) in result.Budgets)
            {
                writer.WriteStartObject(percentage.ToString(CultureInfo.InvariantCulture));
                writer.WriteNumber("ours", Math.Round(shares.Ours, 6));
                writer.WriteNumber("withoutEmbeddings", Math.Round(shares.WithoutEmbeddings, 6));
                writer.WriteNumber("bm25", Math.Round(shares.Bm25, 6));
                writer.WriteNumber("lastN", Math.Round(shares.LastN, 6));
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
