using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using LlmThrift.Local;
using LlmThrift.TestKit.Gguf;
using Spectre.Console;

namespace LlmThrift.Evaluation.Local;

/// <summary><c>local</c>: compares a model's answers with recorded ones, and measures its speed and memory.</summary>
internal static class LocalVerb
{
    public static Command Create()
    {
        var model = new Option<FileInfo>("--model") { Description = "The GGUF file.", Required = true };
        var recorded = new Option<FileInfo?>("--recorded")
        {
            Description = "What llama-completion answers by this model, as Local/stories260K.json.",
        };
        var threads = new Option<int>("--threads") { Description = "Threads that compute.", DefaultValueFactory = _ => 1 };
        var tokens = new Option<int>("--tokens") { Description = "Tokens of an answer.", DefaultValueFactory = _ => 128 };
        foreach (var number in (Option<int>[])[threads, tokens])
        {
            number.Validators.Add(result =>
            {
                if (result.GetValueOrDefault<int>() is var value && value is < 1 or > 4096)
                {
                    result.AddError($"{number.Name} is {value}: from 1 to 4,096.");
                }
            });
        }

        var natives = new Option<DirectoryInfo?>("--natives")
        {
            Description = "The folder of llama.cpp's libraries; by default where the local backend finds them.",
        };
        var json = new Option<FileInfo?>("--json") { Description = "Write the figures to this file." };
        var command = new Command("local", "Compares a local model's answers with recorded ones, and measures its speed and memory.")
        {
            model,
            recorded,
            threads,
            tokens,
            natives,
            json,
        };
        command.SetAction(
            (result, _) =>
                RunAsync(
                    result.GetRequiredValue(model),
                    result.GetValue(recorded),
                    result.GetValue(threads),
                    result.GetValue(tokens),
                    result.GetValue(natives),
                    result.GetValue(json)
                )
        );
        return command;
    }

    private static async Task<int> RunAsync(
        FileInfo model,
        FileInfo? recorded,
        int threads,
        int tokens,
        DirectoryInfo? natives,
        FileInfo? json
    )
    {
        LocalFigures figures;
        try
        {
            var answers = recorded is null ? null : RecordedAnswers.Load(recorded.FullName);
            figures = await new LocalMeasurement(model.FullName, threads, tokens, natives?.FullName).RunAsync(answers);
        }
        catch (Exception problem) when (problem is LocalModelException or IOException or InvalidDataException or ArgumentException)
        {
            Progress.Clear();
            await Console.Error.WriteLineAsync(problem.Message);
            return 2;
        }

        if (json is not null)
        {
            await using var stream = json.Create();
            await JsonSerializer.SerializeAsync(stream, figures, JsonSerializerOptions.Web);
        }

        Write(figures);
        return figures.Recorded is { } same && (same.SameAlone, same.SameStreamed) != (same.Answers, same.Answers) ? 1 : 0;
    }

    private static void Write(LocalFigures figures)
    {
        var table = new Table()
            .AddColumn(Markup.Escape(string.Create(CultureInfo.InvariantCulture, $"{figures.Model}, threads: {figures.Threads}")))
            .AddColumn(new TableColumn("").RightAligned());
        if (figures.Recorded is { } same)
        {
            Row($"answers as recorded, alone", $"{same.SameAlone} of {same.Answers}");
            Row($"… streamed", $"{same.SameStreamed} of {same.Answers}");
            Row($"… among eight at once", $"{same.SameAmongOthers} of {same.AskedAmongOthers}");
        }

        var conversations = figures.Conversations;
        Row($"a prompt of {figures.PromptTokens} tokens (tokens/s)", Number(figures.PromptTokensPerSecond));
        Row($"an answer (tokens/s)", Number(figures.AnswerTokensPerSecond));
        Row($"managed memory a token, whole answers (bytes)", Number(figures.BytesPerToken));
        Row($"… streamed (bytes)", Number(figures.BytesPerStreamedToken));
        Row($"tokens an update of a stream", Number(figures.TokensPerUpdate));
        Row($"{conversations.Count} conversations, one by one (tokens/s)", Number(conversations.TokensPerSecondOneByOne));
        Row($"… at once (tokens/s)", Number(conversations.TokensPerSecondAtOnce));
        Row($"… ratio", Number(conversations.Ratio));
        Row(
            $"… times that the {conversations.SharedTokens} tokens they begin with were evaluated",
            Number(conversations.TimesBeginningEvaluated)
        );
        AnsiConsole.Write(table);

        void Row(FormattableString name, string value) =>
            table.AddRow(Markup.Escape(FormattableString.Invariant(name)), Markup.Escape(value));
    }

    private static string Number(double value) => value.ToString(value < 100 ? "N2" : "N0", CultureInfo.InvariantCulture);
}
