using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace LlmThrift.Evaluation.Outputs;

/// <summary><c>output</c>: learns a cap from one half of real answers, and counts what it cuts of the other half and saves of answers that run away.</summary>
internal static class OutputVerb
{
    public static Command Create()
    {
        var data = new Option<DirectoryInfo>("--data")
        {
            Description = "Folder that holds outputs/*.jsonl: prompt, plain, concise, verbose.",
            Required = true,
        };
        var json = new Option<FileInfo?>("--json") { Description = "Write the figures to this file." };
        var command = new Command("output", "Learns a cap from one half of real answers, and tries it on the other.") { data, json };
        command.SetAction(result => Run(result.GetRequiredValue(data), result.GetValue(json)));
        return command;
    }

    private static int Run(DirectoryInfo data, FileInfo? json)
    {
        var files = DataFiles.In(data, "outputs", "*.jsonl", "prompt, plain, concise, verbose");
        if (files.Length == 0)
        {
            return 2;
        }

        var figures = files.Select(file => OutputFigures.Measure(OutputFile.Read(file))).ToList();
        Print(figures);
        if (json is not null)
        {
            Write(json, figures);
        }

        return 0;
    }

    private static void Print(List<OutputFigures> figures)
    {
        var culture = CultureInfo.InvariantCulture;
        var table = new Table { Title = new TableTitle("Caps learned from the first half of the plain answers, tried on the second") };
        table.AddColumn("");
        foreach (var figure in figures)
        {
            table.AddColumn(new TableColumn(Markup.Escape(figure.Name)).RightAligned());
        }

        Row("Answers learned from", f => f.Samples.ToString("N0", culture));
        Row("Learned cap, tokens", f => f.Cap?.ToString("N0", culture) ?? "none");
        Row("Plain answers of the second half", f => f.Answers.ToString("N0", culture));
        Row("… their tokens", f => f.Tokens.ToString("N0", culture));
        Row("… the longest, tokens", f => f.LongestPlain.ToString("N0", culture));
        Row("… cut by the cap", f => f.AnswersCut.ToString("N0", culture));
        Row("… share cut", f => f.ShareCut.ToString("P2", culture));
        Row("… at most, with 95 % confidence", f => f.ShareCutUpper95.ToString("P2", culture));
        RunawayRows("Runaway A: all verbose answers", f => f.Verbose);
        RunawayRows($"Runaway B: answers that loop until {OutputFigures.LoopTokens.ToString("N0", culture)} tokens", f => f.Loop);
        for (var index = 0; index < figures[0].Mixed.Count; index++)
        {
            var at = index;
            var every = figures[0].Mixed[at].LoopEvery.ToString("N0", culture);
            Row($"1 answer in {every} loops, and is learned from: cap in the end", f => f.Mixed[at].Cap?.ToString("N0", culture) ?? "none");
            Row("… share of plain answers cut", f => f.Mixed[at].ShareOfPlainCut.ToString("P2", culture));
            Row("… share of the loops' tokens saved", f => f.Mixed[at].ShareSaved.ToString("P1", culture));
        }

        Row("Tokens saved by asking to be concise (no cap)", f => f.SavedByBrevity.ToString("P1", culture));
        AnsiConsole.Write(table);

        void RunawayRows(string name, Func<OutputFigures, OutputFigures.Runaway> runaway)
        {
            Row(name, f => runaway(f).Answers.ToString("N0", culture));
            Row("… cut by the cap", f => runaway(f).AnswersCut.ToString("N0", culture));
            Row("… share of their tokens beyond the cap", f => runaway(f).ShareSaved.ToString("P1", culture));
        }

        void Row(string name, Func<OutputFigures, string> value) => table.AddRow([name, .. figures.Select(value)]);
    }

    private static void Write(FileInfo json, List<OutputFigures> figures)
    {
        using var stream = json.Create();
        using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        writer.WriteStartObject();
        writer.WriteStartObject("files");
        foreach (var figure in figures)
        {
            writer.WriteStartObject(figure.Name);
            writer.WriteNumber("samples", figure.Samples);
            if (figure.Cap is { } cap)
            {
                writer.WriteNumber("cap", cap);
            }
            else
            {
                writer.WriteNull("cap");
            }

            writer.WriteNumber("answers", figure.Answers);
            writer.WriteNumber("answersCut", figure.AnswersCut);
            writer.WriteNumber("shareCut", Math.Round(figure.ShareCut, 6));
            writer.WriteNumber("shareCutUpper95", Math.Round(figure.ShareCutUpper95, 6));
            // Of the answers that run away without end; those of the verbose ones stand beside them below.
            writer.WriteNumber("tokens", figure.Loop.Tokens);
            writer.WriteNumber("tokensSaved", figure.Loop.TokensSaved);
            writer.WriteNumber("plainTokens", figure.Tokens);
            writer.WriteNumber("longestPlain", figure.LongestPlain);
            writer.WriteNumber("savedByBrevity", Math.Round(figure.SavedByBrevity, 6));
            writer.WriteStartObject("runaway");
            WriteRunaway(writer, "verbose", figure.Verbose);
            WriteRunaway(writer, "loop", figure.Loop);
            writer.WriteEndObject();
            writer.WriteStartArray("mixed");
            foreach (var mixed in figure.Mixed)
            {
                WriteMixed(writer, mixed);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteRunaway(Utf8JsonWriter writer, string name, OutputFigures.Runaway runaway)
    {
        writer.WriteStartObject(name);
        writer.WriteNumber("answers", runaway.Answers);
        writer.WriteNumber("answersCut", runaway.AnswersCut);
        writer.WriteNumber("tokens", runaway.Tokens);
        writer.WriteNumber("tokensSaved", runaway.TokensSaved);
        writer.WriteNumber("shareSaved", Math.Round(runaway.ShareSaved, 6));
        writer.WriteEndObject();
    }

    private static void WriteMixed(Utf8JsonWriter writer, MixedTraffic mixed)
    {
        writer.WriteStartObject();
        writer.WriteNumber("loopEvery", mixed.LoopEvery);
        if (mixed.Cap is { } cap)
        {
            writer.WriteNumber("cap", cap);
        }

        writer.WriteNumber("answers", mixed.PlainAnswers);
        writer.WriteNumber("answersCut", mixed.PlainAnswersCut);
        writer.WriteNumber("shareCut", Math.Round(mixed.ShareOfPlainCut, 6));
        writer.WriteNumber("loopTokens", mixed.LoopTokens);
        writer.WriteNumber("loopTokensSaved", mixed.LoopTokensSaved);
        writer.WriteNumber("shareSaved", Math.Round(mixed.ShareSaved, 6));
        writer.WriteEndObject();
    }
}
