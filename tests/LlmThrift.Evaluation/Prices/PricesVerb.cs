using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using LlmThrift.Pricing;
using Spectre.Console;

namespace LlmThrift.Evaluation.Prices;

/// <summary><c>prices</c>: does the embedded price book give recorded calls the price that an independent library gives them?</summary>
internal static class PricesVerb
{
    public static Command Create()
    {
        var data = new Option<DirectoryInfo>("--data") { Description = "Folder that holds prices/calls.jsonl.", Required = true };
        var json = new Option<FileInfo?>("--json") { Description = "Write {rows, exact, unpriced, wrong} to this file." };
        var command = new Command("prices", "Prices recorded usage and compares with the expected price, to the last decimal.")
        {
            data,
            json,
        };
        command.SetAction(result => Run(result.GetRequiredValue(data), result.GetValue(json)));
        return command;
    }

    private static int Run(DirectoryInfo data, FileInfo? json)
    {
        var file = Path.Combine(data.FullName, "prices", "calls.jsonl");
        if (!File.Exists(file))
        {
            Console.Error.WriteLine($"There is no {file}. Give the folder that holds prices/calls.jsonl with --data.");
            return 1;
        }

        int rows = 0,
            exact = 0,
            unpriced = 0,
            wrong = 0,
            malformed = 0,
            number = 0;
        var differences = new Table().AddColumns("line", "provider", "model", "expected in + out", "priced in + out");
        foreach (var line in File.ReadLines(file))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line))
            {
                continue;
            }

            PricedCall call;
            try
            {
                call = PricedCall.Parse(line);
            }
            catch (FormatException e)
            {
                malformed++;
                Console.Error.WriteLine($"{file}:{number}: not a priced call, passed over: {e.Message}");
                continue;
            }

            rows++;
            var cost = PriceBook.Embedded.CostOf(call.Usage, call.Model, call.Provider, call.Time);
            if (cost is { } priced && priced.Input == call.Input && priced.Output == call.Output)
            {
                exact++;
                continue;
            }

            if (cost is null)
            {
                unpriced++;
            }
            else
            {
                wrong++;
            }

            differences.AddRow(
                number.ToString(CultureInfo.InvariantCulture),
                Markup.Escape(call.Provider ?? ""),
                Markup.Escape(call.Model),
                string.Create(CultureInfo.InvariantCulture, $"{call.Input} + {call.Output}"),
                cost is { } c ? string.Create(CultureInfo.InvariantCulture, $"{c.Input} + {c.Output}") : "unpriced"
            );
        }

        if (differences.Rows.Count > 0)
        {
            AnsiConsole.Write(differences);
        }

        AnsiConsole.Write(
            new Table()
                .AddColumns("rows", "exact", "unpriced", "wrong", "malformed")
                .AddRow([.. new[] { rows, exact, unpriced, wrong, malformed }.Select(n => n.ToString(CultureInfo.InvariantCulture))])
        );

        if (json is not null)
        {
            json.Directory?.Create();
            using var stream = json.Create();
            using var writer = new Utf8JsonWriter(stream);
            writer.WriteStartObject();
            writer.WriteNumber("rows", rows);
            writer.WriteNumber("exact", exact);
            writer.WriteNumber("unpriced", unpriced);
            writer.WriteNumber("wrong", wrong);
            writer.WriteEndObject();
        }

        return 0;
    }
}
