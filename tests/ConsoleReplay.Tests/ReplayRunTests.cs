using System.Text.Json;
using ConsoleReplay.Cli;
using ConsoleReplay.Reporting;
using ConsoleReplay.Running;
using ConsoleReplay.Semantic;
using Xunit;

namespace ConsoleReplay.Tests;

/// <summary>Whole runs, through LlmThrift's cost controls.</summary>
public sealed class ReplayRunTests : IDisposable
{
    private const string OpenAIAnswer = """
        {"id":"c1","object":"chat.completion","created":1,"model":"gpt-4o-mini","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant",
        "content":"Hello"}}],"usage":{"prompt_tokens":100,"completion_tokens":10,"total_tokens":110}}
        """;

    private const string AnthropicAnswer = """
        {"id":"m1","type":"message","role":"assistant","model":"claude-haiku-4-5","content":[{"type":"text","text":"Hello"}],"stop_reason":"end_turn",
        "stop_sequence":null,"usage":{"input_tokens":100,"output_tokens":10}}
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("replay");
    private readonly Dictionary<string, string?> _environment = [];
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RunAsync_shipped_questions_bills_each_different_one_once(bool stream)
    {
        var exitCode = await RunAsync(Settings with { Calls = 300, Questions = 40, Stream = stream });

        Assert.Equal(ReplayRun.Replayed, exitCode);
        var json = ReadJson();
        Assert.Equal(300, json.GetProperty("calls").GetInt32());
        Assert.Equal(40, json.GetProperty("providerCalls").GetInt32());
        Assert.Equal(1 - 40 / 300.0, json.GetProperty("repeatShare").GetDouble(), 10);
        var (without, with) = (Cost(json, "without"), Cost(json, "with"));
        Assert.InRange(without, 0.5m, 1.5m);
        Assert.InRange(with / without, 0.12m, 0.15m);
        var saving = json.GetProperty("saving");
        Assert.Equal(without - with, saving.GetProperty("cost").GetDecimal());
        Assert.Equal(without - with, saving.GetProperty("stages").EnumerateArray().Sum(stage => stage.GetProperty("cost").GetDecimal()));
        Assert.Equal(7, json.GetProperty("features").GetArrayLength());
        Assert.Contains("priced as gpt-4o", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains("built, not measured", _output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RunAsync_semantic_says_what_was_served_and_how_much_of_it_was_wrong(bool stream)
    {
        var exitCode = await RunAsync(
            Settings with
            {
                Calls = 4_000,
                Questions = 2_464,
                Semantic = true,
                Stream = stream,
                // One after another: what the cache learns first depends on the order, and a wrong answer among the first stops it for the rest of a short run.
                Concurrency = 1,
            }
        );

        Assert.Equal(ReplayRun.Replayed, exitCode);
        var json = ReadJson();
        var stages = json.GetProperty("saving").GetProperty("stages").EnumerateArray().ToArray();
        Assert.Equal(["exact_cache", "semantic_cache", "output_limits"], stages.Select(stage => stage.GetProperty("name").GetString()));
        Assert.Equal(Cost(json, "without") - Cost(json, "with"), stages.Sum(stage => stage.GetProperty("cost").GetDecimal()));
        var semantic = json.GetProperty("semantic");
        var (calls, questions) = (semantic.GetProperty("calls"), semantic.GetProperty("questions"));
        var hits = calls.GetProperty("hits").GetInt64();
        Assert.True(hits > 0, semantic.ToString());
        Assert.Equal(stages[1].GetProperty("calls").GetInt64(), hits);
        Assert.InRange(questions.GetProperty("hits").GetInt64(), 1, hits);
        Assert.InRange(calls.GetProperty("falseHits").GetInt64(), 0, hits / 10);
        Assert.Equal(
            new CheckedHits(questions.GetProperty("hits").GetInt64(), questions.GetProperty("falseHits").GetInt64()).WrongShareUpper95,
            questions.GetProperty("falseHitShareUpper95").GetDouble()
        );
        Assert.True(semantic.GetProperty("encoder").GetProperty("texts").GetInt32() >= json.GetProperty("providerCalls").GetInt32());
        Assert.Contains("semantic cache, 1.0 % wrong allowed", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_without_semantic_says_nothing_of_it()
    {
        await RunAsync(Settings with { Calls = 50 });

        Assert.False(ReadJson().TryGetProperty("semantic", out _));
        Assert.DoesNotContain("semantic", _output.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task RunAsync_same_seed_gives_the_same_costs()
    {
        await RunAsync(Settings with { Calls = 200 });
        var first = ReadJson();
        await RunAsync(Settings with { Calls = 200 });
        var second = ReadJson();

        foreach (var part in new[] { "without", "with" })
        {
            Assert.Equal(Cost(first, part), Cost(second, part));
            Assert.Equal(
                first.GetProperty(part).GetProperty("outputTokens").GetInt64(),
                second.GetProperty(part).GetProperty("outputTokens").GetInt64()
            );
        }
    }

    [Fact]
    public async Task RunAsync_log_costs_without_what_its_usage_says()
    {
        var file = await WriteAsync(Line("Hi", 1_000_000, 100_000), Line("Hi", 1_000_000, 300_000), Line("Bye", 1_000_000, 200_000));

        var exitCode = await RunAsync(Settings with { File = file, Concurrency = 1 });

        Assert.Equal(ReplayRun.Replayed, exitCode);
        var json = ReadJson();
        // gpt-4o at $2.50 and $10 a million. The second answer is the first one's, so that is what the baseline takes.
        Assert.Equal(7.5m + 1 + 1 + 2, Cost(json, "without"));
        Assert.Equal(5m + 1 + 2, Cost(json, "with"));
    }

    [Fact]
    public async Task RunAsync_log_with_bad_lines_replays_the_good_ones_and_says_so()
    {
        var file = await WriteAsync(Line("Hi", 10, 10), "broken", Line("Bye", 10, 10));

        var exitCode = await RunAsync(Settings with { File = file });

        Assert.Equal(ReplayRun.PartlyReplayed, exitCode);
        Assert.Contains("traffic.jsonl:2: not valid JSON", _error.ToString(), StringComparison.Ordinal);
        var json = ReadJson();
        Assert.Equal(2, json.GetProperty("calls").GetInt32());
        Assert.Equal(2, json.GetProperty("problems")[0].GetProperty("line").GetInt32());
    }

    [Theory]
    [InlineData("broken", "No line of the log can be replayed")]
    [InlineData("", "The log holds no request")]
    public async Task RunAsync_log_without_a_good_line_replays_nothing(string line, string expected)
    {
        var exitCode = await RunAsync(Settings with { File = await WriteAsync(line) });

        Assert.Equal(ReplayRun.NothingReplayed, exitCode);
        Assert.Contains(expected, _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_another_model_prices_the_whole_log_as_that_one()
    {
        var file = await WriteAsync(Line("Hi", 1_000_000, 0));

        await RunAsync(Settings with { File = file, ModelId = "gpt-4o-mini" });

        Assert.Equal(0.15m, Cost(ReadJson(), "without"));
    }

    [Fact]
    public async Task RunAsync_unknown_price_is_not_shown_as_zero()
    {
        var exitCode = await RunAsync(Settings with { Calls = 10, ModelId = "a-model-nobody-knows" });

        Assert.Equal(ReplayRun.Replayed, exitCode);
        Assert.Contains("not known", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains("10 calls of a model without a known price", _output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("$0.00", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_shipped_example_log_is_all_good()
    {
        var exitCode = await RunAsync(
            Settings with
            {
                File = new FileInfo(Path.Combine(AppContext.BaseDirectory, "example-traffic.jsonl")),
            }
        );

        Assert.Equal(ReplayRun.Replayed, exitCode);
        Assert.Empty(ReadJson().GetProperty("problems").EnumerateArray());
    }

    [Fact]
    public async Task RunAsync_live_without_a_key_sends_nothing()
    {
        Assert.Equal(ReplayRun.NothingReplayed, await RunAsync(Settings with { Live = true, Yes = true }));
        Assert.Contains("OPENAI_API_KEY", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_live_without_a_terminal_or_yes_sends_nothing()
    {
        await using var server = new LoopbackServer(_ => LoopbackServer.Json(OpenAIAnswer));
        _environment["OPENAI_BASE_URL"] = server.Endpoint.ToString();

        Assert.Equal(ReplayRun.NothingReplayed, await RunAsync(Settings with { Live = true }));
        Assert.Contains("--yes", _error.ToString(), StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task RunAsync_live_openai_sends_each_different_question_once_up_to_the_limit()
    {
        await using var server = new LoopbackServer(_ => LoopbackServer.Json(OpenAIAnswer));
        _environment["OPENAI_BASE_URL"] = server.Endpoint.ToString();

        var exitCode = await RunAsync(Settings with { Live = true, Yes = true, Limit = 30, Questions = 5 });

        Assert.Equal(ReplayRun.Replayed, exitCode);
        Assert.Equal(5, server.Requests.Count);
        var json = ReadJson();
        Assert.Equal((30, 5), (json.GetProperty("calls").GetInt32(), json.GetProperty("providerCalls").GetInt32()));
        Assert.Equal(500, json.GetProperty("with").GetProperty("inputTokens").GetInt32());
        Assert.Equal(3_000, json.GetProperty("without").GetProperty("inputTokens").GetInt32());
    }

    [Fact]
    public async Task RunAsync_live_anthropic_goes_through_the_vendors_package()
    {
        await using var server = new LoopbackServer(_ => LoopbackServer.Json(AnthropicAnswer));
        _environment["ANTHROPIC_API_KEY"] = "k";
        _environment["ANTHROPIC_BASE_URL"] = server.Endpoint.GetLeftPart(UriPartial.Authority);

        var exitCode = await RunAsync(Settings with { Live = true, Yes = true, Limit = 10, Questions = 2 });

        Assert.Equal(ReplayRun.Replayed, exitCode);
        Assert.Equal(2, server.Requests.Count);
        Assert.All(server.Paths, path => Assert.StartsWith("POST /v1/messages ", path, StringComparison.Ordinal));
        // claude-haiku-4-5 at $1 and $5 a million.
        Assert.Equal(10 * (100 * 1m + 10 * 5m) / 1_000_000, Cost(ReadJson(), "without"));
        Assert.Equal(2 * (100 * 1m + 10 * 5m) / 1_000_000, Cost(ReadJson(), "with"));
    }

    [Fact]
    public async Task RunAsync_live_refused_key_is_told_and_stops()
    {
        await using var server = new LoopbackServer(_ => LoopbackServer.Json("""{"error":{"message":"SECRET"}}""", 401));
        _environment["OPENAI_BASE_URL"] = server.Endpoint.ToString();

        var exitCode = await RunAsync(Settings with { Live = true, Yes = true, Questions = 50, Concurrency = 1 });

        Assert.Equal(ReplayRun.NothingReplayed, exitCode);
        Assert.Contains("refused the key", _output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("SECRET", _output.ToString() + _error, StringComparison.Ordinal);
        Assert.InRange(server.Requests.Count, 1, 5);
    }

    [Fact]
    public async Task RunAsync_cancelled_before_it_starts_says_so()
    {
        var exitCode = await RunAsync(Settings with { Calls = 10 }, new CancellationToken(canceled: true));

        Assert.Equal(ReplayRun.Cancelled, exitCode);
    }

    [Fact]
    public async Task RunAsync_result_that_cannot_be_written_is_told_before_anything_is_replayed()
    {
        var exitCode = await RunAsync(
            Settings with
            {
                Json = new FileInfo(Path.Combine(_folder.FullName, "no-such-folder", "result.json")),
            }
        );

        Assert.Equal(ReplayRun.NothingReplayed, exitCode);
        Assert.Contains("cannot be read or written", _error.ToString(), StringComparison.Ordinal);
        Assert.Empty(_output.ToString());
    }

    public void Dispose()
    {
        _folder.Delete(recursive: true);
        _output.Dispose();
        _error.Dispose();
    }

    private ReplaySettings Settings => new() { Speed = 100_000, Json = new FileInfo(Path.Combine(_folder.FullName, "result.json")) };

    private Task<int> RunAsync(ReplaySettings settings, CancellationToken cancellationToken = default) =>
        new ReplayRun(
            settings,
            ReplayConsole.CreatePlain(_output),
            TextWriter.Synchronized(_error),
            name => _environment.GetValueOrDefault(name),
            TimeProvider.System
        ).RunAsync(cancellationToken);

    private JsonElement ReadJson() => JsonElement.Parse(File.ReadAllBytes(Path.Combine(_folder.FullName, "result.json")));

    private static decimal Cost(JsonElement json, string part) => json.GetProperty(part).GetProperty("cost").GetDecimal();

    private async Task<FileInfo> WriteAsync(params string[] lines)
    {
        var file = new FileInfo(Path.Combine(_folder.FullName, "traffic.jsonl"));
        await File.WriteAllLinesAsync(file.FullName, lines);
        return file;
    }

    private static string Line(string question, int inputTokens, int outputTokens) =>
        JsonSerializer.Serialize(
            new
            {
                model = "gpt-4o",
                messages = new[] { new { role = "user", content = question } },
                response = new
                {
                    choices = new[] { new { finish_reason = "stop", message = new { role = "assistant", content = "Answer" } } },
                    usage = new
                    {
                        prompt_tokens = inputTokens,
                        completion_tokens = outputTokens,
                        total_tokens = inputTokens + outputTokens,
                    },
                },
            }
        );
}
