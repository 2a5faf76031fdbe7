using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using LlmThrift.Pricing;
using Spectre.Console;

namespace LlmThrift.Evaluation.Traces;

/// <summary><c>prefix</c>: what the input of a trace costs with a provider's prefix cache, untrimmed, cut to its last blocks, and trimmed.</summary>
internal static class PrefixVerb
{
    public static Command Create()
    {
        var data = new Option<DirectoryInfo>("--data")
        {
            Description =
                "Folder that holds traces/*.jsonl: {\"timestamp\",\"input_length\",\"output_length\",\"hash_ids\"}, blocks of 512 tokens.",
            Required = true,
        };
        var models = new Option<string[]>("--model")
        {
            Description = "A model of the embedded price book; several may be given.",
            DefaultValueFactory = _ => ["gpt-4o", "claude-sonnet-4-5"],
        };
        var maxTokens = new Option<int>("--max-tokens")
        {
            Description = "The budget of a request, in tokens.",
            DefaultValueFactory = _ => 8_000,
        };
        var json = new Option<FileInfo?>("--json") { Description = "Write the figures to this file." };
        var command = new Command("prefix", "Replays a trace of production traffic through a provider's prefix cache.")
        {
            data,
            models,
            maxTokens,
            json,
        };
        command.SetAction(
            (result, cancellation) =>
                RunAsync(
                    result.GetRequiredValue(data),
                    result.GetValue(models)!,
                    result.GetValue(maxTokens),
                    result.GetValue(json),
                    cancellation
                )
        );
        return command;
    }

    private static async Task<int> RunAsync(
        DirectoryInfo data,
        string[] models,
        int maxTokens,
        FileInfo? json,
        CancellationToken cancellation
    )
    {
        var files = DataFiles.In(data, "traces", "*.jsonl", "timestamp, input_length, output_length, hash_ids");
        if (files.Length == 0)
        {
            return 2;
        }

        if (maxTokens < 2 * PrefixTrace.BlockTokens)
        {
            await Console.Error.WriteLineAsync(
                $"--max-tokens is {maxTokens}: it must be at least {2 * PrefixTrace.BlockTokens}, two blocks."
            );
            return 2;
        }

        var results = new List<(string File, string Model, PrefixReplay.Result Result)>();
        foreach (var file in files)
        {
            foreach (var model in models)
            {
                if (PriceBook.Embedded.Find(model, null, DateTimeOffset.UtcNow) is not { } price)
                {
                    await Console.Error.WriteLineAsync(
                        $"No price is known for the model {model}: give one of the price book with --model."
                    );
                    return 2;
                }

                try
                {
                    results.Add(
                        (
                            Path.GetFileNameWithoutExtension(file.Name),
                            model,
                            await PrefixReplay.RunAsync(PrefixTrace.ReadAll(file), price, maxTokens, cancellation)
                        )
                    );
                }
                catch (InvalidDataException exception)
                {
                    await Console.Error.WriteLineAsync(exception.Message);
                    return 2;
                }
            }
        }

        Print(results, maxTokens);
        if (json is not null)
        {
            Write(json, results);
        }

        return 0;
    }

    private static void Print(List<(string File, string Model, PrefixReplay.Result Result)> results, int maxTokens)
    {
        var culture = CultureInfo.InvariantCulture;
        var table = new Table { Title = new TableTitle(string.Create(culture, $"Input cost, budget of {maxTokens:N0} tokens")) };
        table.AddColumns("Trace", "Model");
        foreach (var column in (string[])["requests", "over budget", "everything", "last blocks", "ours", "refused"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        foreach (var (file, model, result) in results)
        {
            table.AddRow(
                Markup.Escape(file),
                Markup.Escape(model),
                result.Requests.ToString("N0", culture),
                result.OverBudget.ToString("N0", culture),
                Money(result.Everything),
                Money(result.LastBlocks),
                Money(result.Ours),
                result.Refused.ToString("N0", culture)
            );
        }

        AnsiConsole.Write(table);

        string Money(decimal amount) => string.Create(culture, $"${amount:N4}");
    }

    private static void Write(FileInfo json, List<(string File, string Model, PrefixReplay.Result Result)> results)
    {
        using var stream = json.Create();
        using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        writer.WriteStartObject();
        writer.WriteStartObject("files");
        foreach (var file in results.GroupBy(result => result.File, StringComparer.Ordinal))
        {
            writer.WriteStartObject(file.Key);
            foreach (var (_, model, result) in file)
            {
                writer.WriteStartObject(model);
                writer.WriteNumber("requests", result.Requests);
                writer.WriteNumber("overBudget", result.OverBudget);
                writer.WriteNumber("withoutTrimming", result.Everything);
                writer.WriteNumber("lastBlocks", result.LastBlocks);
                writer.WriteNumber("ours", result.Ours);
                writer.WriteNumber("refused", result.Refused);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
