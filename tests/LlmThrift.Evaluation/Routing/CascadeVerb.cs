using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using LlmThrift.Routing;
using Microsoft.Extensions.AI;
using Spectre.Console;

namespace LlmThrift.Evaluation.Routing;

/// <summary><c>cascade</c>: what the checks that need no model make of recorded answers of a weaker and a stronger model.</summary>
internal static class CascadeVerb
{
    public static Command Create()
    {
        var data = new Option<DirectoryInfo>("--data")
        {
            Description = "Folder that holds routing/*.jsonl with recorded answers: id, task, prompt, quality by model, answer by model.",
            Required = true,
        };
        var weak = new Option<string?>("--weak")
        {
            Description = "The weaker model; with --strong. Default: the worst and the best of those with answers.",
        };
        var strong = new Option<string?>("--strong") { Description = "The stronger model." };
        var json = new Option<FileInfo?>("--json") { Description = "Write the figures to this file." };
        var command = new Command("cascade", "Measures accuracy against the share of answers that checks send on to the stronger model.")
        {
            data,
            weak,
            strong,
            json,
        };
        command.SetAction(
            (result, cancellation) =>
                RunAsync(
                    result.GetRequiredValue(data),
                    (result.GetValue(weak), result.GetValue(strong)),
                    result.GetValue(json),
                    cancellation
                )
        );
        return command;
    }

    private static async Task<int> RunAsync(
        DirectoryInfo data,
        (string? Weak, string? Strong) models,
        FileInfo? json,
        CancellationToken cancellation
    )
    {
        if ((models.Weak is null) != (models.Strong is null))
        {
            await Console.Error.WriteLineAsync("--weak and --strong go together.");
            return 2;
        }

        var files = DataFiles.In(data, "routing", "*.jsonl", "id, task, prompt, quality and answer by model");
        try
        {
            var results = new List<Result>();
            foreach (var file in files)
            {
                var rows = RoutingRow.ReadAll(file);
                if (PairIn(rows, models) is var (weak, strong))
                {
                    results.Add(await RunAsync(Path.GetFileNameWithoutExtension(file.Name), rows, weak, strong, cancellation));
                }
            }

            if (results.Count == 0)
            {
                await Console.Error.WriteLineAsync(
                    $"No file in {Path.Combine(data.FullName, "routing")} has recorded answers of two models (\"answer\": {{model: text}})."
                );
                return 2;
            }

            Print(results);
            if (json is not null)
            {
                Write(json, results);
            }

            return 0;
        }
        catch (InvalidDataException exception)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return 2;
        }
    }

    private static (string Weak, string Strong)? PairIn(List<RoutingRow> rows, (string? Weak, string? Strong) models)
    {
        var means = rows.SelectMany(row =>
                row.Answers.Keys.Where(row.Quality.ContainsKey).Select(model => (Model: model, Quality: row.Quality[model]))
            )
            .GroupBy(one => one.Model, one => one.Quality, StringComparer.Ordinal)
            .Select(group => (Model: group.Key, Quality: group.Average()))
            .OrderBy(one => one.Quality)
            .ToList();
        if (models is { Weak: { } weak, Strong: { } strong })
        {
            return means.Exists(one => one.Model == weak) && means.Exists(one => one.Model == strong) ? (weak, strong) : null;
        }

        return means.Count > 1 ? (means[0].Model, means[^1].Model) : null;
    }

    private static async Task<Result> RunAsync(
        string file,
        List<RoutingRow> all,
        string weak,
        string strong,
        CancellationToken cancellation
    )
    {
        var rows = all.FindAll(row =>
            row.Answers.ContainsKey(weak)
            && row.Answers.ContainsKey(strong)
            && row.Quality.ContainsKey(weak)
            && row.Quality.ContainsKey(strong)
        );
        var checks = AnswerChecks.WithoutModel();
        var rejected = checks.ToDictionary(check => check.Name, _ => new bool[rows.Count], StringComparer.Ordinal);
        for (var i = 0; i < rows.Count; i++)
        {
            var answer = new AnswerToCheck(
                [new ChatMessage(ChatRole.User, rows[i].Prompt)],
                options: null,
                new ChatResponse(new ChatMessage(ChatRole.Assistant, rows[i].Answers[weak]))
            );
            foreach (var check in checks)
            {
                rejected[check.Name][i] = await check.CheckAsync(answer, cancellation) == AnswerVerdict.Rejected;
            }
        }

        rejected["all"] = [.. Enumerable.Range(0, rows.Count).Select(i => checks.Any(check => rejected[check.Name][i]))];
        return new Result(
            file,
            weak,
            strong,
            rows.Count,
            rows.Average(row => row.Quality[weak]),
            rows.Average(row => row.Quality[strong]),
            [.. rejected.Select(check => FiguresOf(check.Key, check.Value, rows, weak, strong))]
        );
    }

    private static Figures FiguresOf(string name, bool[] rejected, List<RoutingRow> rows, string weak, string strong)
    {
        var escalated = rejected.Count(one => one);
        var accuracy = rows.Select((row, i) => row.Quality[rejected[i] ? strong : weak]).Average();
        var wrong = rows.Where((row, i) => rejected[i] && row.Quality[weak] < 0.5).Count();
        var allWrong = rows.Count(row => row.Quality[weak] < 0.5);
        return new Figures(
            name,
            (double)escalated / rows.Count,
            accuracy,
            escalated == 0 ? null : (double)wrong / escalated,
            allWrong == 0 ? null : (double)wrong / allWrong
        );
    }

    private static void Print(List<Result> results)
    {
        var culture = CultureInfo.InvariantCulture;
        var table = new Table { Title = new TableTitle("Cascades by checks that need no model") };
        foreach (var name in new[] { "File, models", "Check", "Sent on", "Accuracy", "By chance", "Wrong of\nsent on", "Found of\nwrong" })
        {
            table.AddColumn(new TableColumn(name).NoWrap());
        }

        foreach (var result in results)
        {
            var title = Markup.Escape($"{result.File} ({result.Prompts.ToString("N0", culture)})");
            table.AddRow(title, Markup.Escape(result.Weak), "0.0 %", result.WeakAccuracy.ToString("0.000", culture), "", "", "");
            table.AddRow("", Markup.Escape(result.Strong), "100.0 %", result.StrongAccuracy.ToString("0.000", culture), "", "", "");
            foreach (var check in result.Checks)
            {
                table.AddRow(
                    "",
                    check.Name,
                    check.Escalated.ToString("0.0 %", culture),
                    check.Accuracy.ToString("0.000", culture),
                    result.ByChance(check.Escalated).ToString("0.000", culture),
                    check.WrongOfEscalated?.ToString("0.0 %", culture) ?? "–",
                    check.FoundOfWrong?.ToString("0.0 %", culture) ?? "–"
                );
            }
        }

        AnsiConsole.Write(table);
    }

    private static void Write(FileInfo json, List<Result> results)
    {
        using var stream = json.Create();
        using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        writer.WriteStartObject();
        writer.WriteStartObject("files");
        foreach (var result in results)
        {
            writer.WriteStartObject(result.File);
            writer.WriteNumber("prompts", result.Prompts);
            writer.WriteString("weak", result.Weak);
            writer.WriteString("strong", result.Strong);
            writer.WriteNumber("weakAccuracy", Math.Round(result.WeakAccuracy, 6));
            writer.WriteNumber("strongAccuracy", Math.Round(result.StrongAccuracy, 6));
            writer.WriteStartObject("checks");
            foreach (var check in result.Checks)
            {
                writer.WriteStartObject(check.Name);
                writer.WriteNumber("escalated", Math.Round(check.Escalated, 6));
                writer.WriteNumber("accuracy", Math.Round(check.Accuracy, 6));
                writer.WriteNumber("accuracyByChance", Math.Round(result.ByChance(check.Escalated), 6));
                if (check.WrongOfEscalated is { } wrong)
                {
                    writer.WriteNumber("wrongOfEscalated", Math.Round(wrong, 6));
                }

                if (check.FoundOfWrong is { } found)
                {
                    writer.WriteNumber("foundOfWrong", Math.Round(found, 6));
                }

                writer.WriteEndObject();
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private sealed record Result(
        string File,
        string Weak,
        string Strong,
        int Prompts,
        double WeakAccuracy,
        double StrongAccuracy,
        IReadOnlyList<Figures> Checks
    )
    {
        /// <summary>The accuracy of as many escalations drawn by chance.</summary>
        public double ByChance(double escalated) => WeakAccuracy + (escalated * (StrongAccuracy - WeakAccuracy));
    }

    /// <param name="Name">The check, or "all" of them.</param>
    /// <param name="Escalated">The share of answers that it rejects.</param>
    /// <param name="Accuracy">Of the cascade.</param>
    /// <param name="WrongOfEscalated">How many of those it rejects are wrong.</param>
    /// <param name="FoundOfWrong">How many of the wrong ones it rejects.</param>
    private sealed record Figures(string Name, double Escalated, double Accuracy, double? WrongOfEscalated, double? FoundOfWrong);
}
