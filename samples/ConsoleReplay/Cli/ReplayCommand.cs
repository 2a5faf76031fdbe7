using System.CommandLine;
using System.CommandLine.Parsing;

namespace ConsoleReplay.Cli;

/// <summary>The command line.</summary>
internal static class ReplayCommand
{
    private const string Description = """
        Replays traffic through an app with LlmThrift's cost controls, and shows what the same traffic costs without and with them.

        Without --live nothing leaves this machine and nothing costs money: a recorded provider answers.

        Examples:
          dotnet run --project samples/ConsoleReplay -c Release
              replays real customer questions, priced as gpt-4o
          dotnet run --project samples/ConsoleReplay -c Release -- --model gpt-4o-mini --calls 20000
              the same as another model, and longer
          dotnet run --project samples/ConsoleReplay -c Release -- --semantic
              the same with the semantic cache, and how much of what it served was wrong
          dotnet run --project samples/ConsoleReplay -c Release -- conversation
              trims a long conversation for a question, and shows what was kept and why
          dotnet run --project samples/ConsoleReplay -c Release -- --file traffic.jsonl --json result.json
              replays your own log: OpenAI chat completions requests or batch lines, one a line
          OPENAI_API_KEY=... dotnet run --project samples/ConsoleReplay -c Release -- --live --limit 20
              talks to OpenAI, after saying what it will cost
          OPENAI_BASE_URL=http://localhost:11434/v1 dotnet run ... -- --live --model llama3.2
              talks to Ollama, vLLM or llama.cpp
          ANTHROPIC_API_KEY=... dotnet run ... -- --live --model claude-haiku-4-5
              talks to Anthropic

        Exit codes: 0 replayed; 1 nothing could be replayed; 2 wrong options; 3 replayed, but lines of the log were left out or calls failed;
        130 stopped by Ctrl+C.
        """;

    /// <summary>Makes the command.</summary>
    /// <param name="run">What to do with the settings; returns the exit code.</param>
    public static RootCommand Create(Func<ReplaySettings, CancellationToken, Task<int>> run)
    {
        var defaults = new ReplaySettings();
        var file = new Option<FileInfo?>("--file", "-f")
        {
            Description = "A log to replay instead of the shipped questions: OpenAI request format, one JSON object a line.",
            HelpName = "traffic.jsonl",
        };
        var model = new Option<string?>("--model", "-m")
        {
            Description =
                $"The model to ask and to price. Default: {ReplaySettings.DefaultModelId}, or the model of each line with --file.",
            HelpName = "id",
        };
        var calls = Number("--calls", "How many calls to build from the shipped questions.", defaults.Calls, 1, 10_000_000);
        var questions = new Option<int?>("--questions")
        {
            Description = "How many different questions to draw from. Default: all 2,464; with --live two fifths of the calls.",
            HelpName = "n",
        };
        var skew = new Option<double>("--skew")
        {
            Description = "How uneven the questions' popularity is: Zipf's exponent, 0 to 3. 0 asks all equally often.",
            DefaultValueFactory = _ => defaults.Skew,
            HelpName = "s",
        };
        var seed = new Option<int>("--seed")
        {
            Description = "The same seed builds the same traffic.",
            DefaultValueFactory = _ => defaults.Seed,
            HelpName = "n",
        };
        var stream = new Option<bool>("--stream") { Description = "Ask for streams." };
        var semantic = new Option<bool>("--semantic")
        {
            Description = "Use the semantic cache too, and check its answers by the questions' known intents.",
        };
        var speed = new Option<double>("--speed")
        {
            Description = "How much faster than on a real clock the recorded provider answers. 1 is real time.",
            DefaultValueFactory = _ => defaults.Speed,
            HelpName = "factor",
        };
        var concurrency = Number("--concurrency", "How many calls to make at once.", defaults.Concurrency, 1, 1_000);
        var assumed = Number(
            "--assume-output",
            "Output tokens of answers that a log does not hold.",
            defaults.AssumedOutputTokens,
            1,
            100_000
        );
        var perMonth = new Option<long>("--calls-per-month")
        {
            Description = "The volume for which the monthly bill is extrapolated.",
            DefaultValueFactory = _ => defaults.CallsPerMonth,
            HelpName = "n",
        };
        var json = new Option<FileInfo?>("--json") { Description = "Also write the result as JSON.", HelpName = "result.json" };
        var live = new Option<bool>("--live")
        {
            Description = "Talk to the real service that OPENAI_API_KEY, OPENAI_BASE_URL or ANTHROPIC_API_KEY names. Costs money.",
        };
        var provider = new Option<string?>("--provider")
        {
            Description = "Which service --live talks to, when the environment names both.",
            HelpName = "openai|anthropic",
        };
        provider.AcceptOnlyFromAmong("openai", "anthropic");
        var limit = new Option<int?>("--limit") { Description = "The most calls to replay. Default: all; 50 with --live.", HelpName = "n" };
        var yes = new Option<bool>("--yes", "-y") { Description = "Send with --live without asking." };

        Check(questions, value => value is null or > 0, "it must be at least 1");
        Check(limit, value => value is null or > 0, "it must be at least 1");
        Check(skew, value => value is >= 0 and <= 3, "it must be 0 to 3");
        Check(speed, value => value is > 0 and <= 1_000_000, "it must be more than 0 and at most 1000000");
        Check(perMonth, value => value is > 0 and <= 1_000_000_000_000, "it must be 1 to 1000000000000");
        Check(file, value => value is null || value.Exists, "there is no such file");

        var command = new RootCommand(Description)
        {
            file,
            model,
            calls,
            questions,
            skew,
            seed,
            stream,
            semantic,
            speed,
            concurrency,
            assumed,
            perMonth,
            json,
            live,
            provider,
            limit,
            yes,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(semantic) && (result.GetResult(file) is not null || result.GetValue(live)))
            {
                result.AddError(
                    "--semantic replays the shipped questions offline, without --file or --live: only there is it known which answer is right."
                );
            }
        });
        command.SetAction(
            (parsed, cancellationToken) =>
                run(
                    new ReplaySettings
                    {
                        File = parsed.GetValue(file),
                        ModelId = parsed.GetValue(model),
                        Calls = parsed.GetValue(calls),
                        Questions = parsed.GetValue(questions),
                        Skew = parsed.GetValue(skew),
                        Seed = parsed.GetValue(seed),
                        Stream = parsed.GetValue(stream),
                        Semantic = parsed.GetValue(semantic),
                        Speed = parsed.GetValue(speed),
                        Concurrency = parsed.GetValue(concurrency),
                        AssumedOutputTokens = parsed.GetValue(assumed),
                        CallsPerMonth = parsed.GetValue(perMonth),
                        Json = parsed.GetValue(json),
                        Live = parsed.GetValue(live),
                        Provider = parsed.GetValue(provider),
                        Limit = parsed.GetValue(limit),
                        Yes = parsed.GetValue(yes),
                    },
                    cancellationToken
                )
        );
        return command;
    }

    private static Option<int> Number(string name, string description, int defaultValue, int least, int most)
    {
        var option = new Option<int>(name)
        {
            Description = description,
            DefaultValueFactory = _ => defaultValue,
            HelpName = "n",
        };
        Check(option, value => value >= least && value <= most, $"it must be {least} to {most}");
        return option;
    }

    private static void Check<T>(Option<T> option, Func<T?, bool> isValid, string message) =>
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !IsValid(result))
                result.AddError($"{option.Name} is '{result.Tokens[^1].Value}': {message}.");

            bool IsValid(OptionResult given)
            {
                try
                {
                    return isValid(given.GetValueOrDefault<T>());
                }
                catch (InvalidOperationException)
                {
                    // Not a value of that type: the parser says so itself.
                    return true;
                }
            }
        });
}
