using System.Collections.Concurrent;
using LlmThrift.Auditing;
using LlmThrift.Pricing;
using LlmThrift.Routing;
using LlmThrift.TestKit;
using LlmThrift.Tokens;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Tests.Auditing;

public sealed class RoutingAuditTests
{
    private static readonly PriceBook Prices = PriceBook
        .Empty.With("audit-small", new ModelPrice { Input = 1m, Output = 2m })
        .With("audit-large", new ModelPrice { Input = 10m, Output = 20m })
        .With("audit-judge", new ModelPrice { Input = 5m, Output = 5m });

    [Fact]
    public async Task Audit_asks_both_tiers_judges_and_leaves_a_policy_and_a_report()
    {
        using var audit = new Audit();
        using var generator = Generator();
        audit.Options.EmbeddingGenerator = generator;
        audit.Options.CallsPerMonth = 1_000_000;
        var progress = new Steps();

        var result = await new RoutingAudit(audit.Options).RunAsync(Log(80), progress);

        Assert.Equal((80, 80, true), (result.Sampled, result.Prompts.Count, result.IsComplete));
        Assert.Equal(40, result.Prompts.Count(prompt => prompt.IsAcceptable));
        Assert.Equal(80, progress.Seen.Max(step => step.Done));
        Assert.All(progress.Seen, step => Assert.Equal(80, step.Total));

        // 100 tokens in, 20 out.
        Assert.Equal((0.00014m, 0.0014m), (result.Weak.CostPerCall, result.Strong.CostPerCall));
        Assert.Equal(80 * 0.00154m, result.Spent);
        var policy = RoutingPolicy.Load(Path.Combine(audit.Folder, "policy.json"));
        Assert.Equal(("small", "audit-small"), (policy.WeakTier.Name, policy.WeakTier.ModelId));
        Assert.True(File.Exists(Path.Combine(audit.Folder, "report.md")) && File.Exists(Path.Combine(audit.Folder, "report.html")));
    }

    [Fact]
    public async Task Second_run_asks_nothing_and_finds_out_the_same()
    {
        using var audit = new Audit();
        var first = await new RoutingAudit(audit.Options).RunAsync(Log(20));
        audit.Asked.Clear();

        var second = await new RoutingAudit(audit.Options).RunAsync([]);

        Assert.Empty(audit.Asked);
        Assert.Equal(first.Spent, second.Spent);
        Assert.Equal(
            first.Prompts.Select(prompt => (prompt.Prompt.Id, prompt.WeakAnswer, prompt.Judgement)),
            second.Prompts.Select(prompt => (prompt.Prompt.Id, prompt.WeakAnswer, prompt.Judgement))
        );
    }

    /// <summary>The journal is all that a run leaves: a run that was killed is one whose journal ends somewhere.</summary>
    [Fact]
    public async Task Audit_killed_at_any_point_asks_and_pays_for_nothing_twice()
    {
        using var whole = new Audit(withJudge: true) { Options = { MaxParallel = 1 } };
        await new RoutingAudit(whole.Options).RunAsync(Log(5));
        var journal = await File.ReadAllBytesAsync(Path.Combine(whole.Folder, "journal.jsonl"));
        var sample = await File.ReadAllBytesAsync(Path.Combine(whole.Folder, "sample.jsonl"));
        var asked = whole.Asked.Count;
        Assert.Equal((5 * 2) + (3 * 2), asked);
        var ends = Enumerable.Range(0, journal.Length + 1).Where(end => end == 0 || journal[end - 1] == '\n').ToList();

        foreach (var end in ends.Concat(ends.Where(e => e < journal.Length).Select(e => e + 7)))
        {
            using var killed = new Audit(withJudge: true);
            await File.WriteAllBytesAsync(Path.Combine(killed.Folder, "sample.jsonl"), sample);
            await File.WriteAllBytesAsync(Path.Combine(killed.Folder, "journal.jsonl"), journal[..end]);
            var before = System.Text.Encoding.UTF8.GetString(journal[..end]).Split('\n')[..^1];
            var begun = before.Where(line => line.StartsWith("{\"begun\"", StringComparison.Ordinal)).ToList();
            var ended = before.Count(line => line.StartsWith("{\"ended\"", StringComparison.Ordinal));

            var result = await new RoutingAudit(killed.Options).RunAsync([]);

            var interrupted = begun.Count - ended;
            Assert.InRange(interrupted, 0, 1);
            Assert.Equal(interrupted, result.Interrupted);
            Assert.Equal(5 - interrupted, result.Prompts.Count);
            Assert.True(begun.Count + killed.Asked.Count <= asked, $"{begun.Count} before, {killed.Asked.Count} after: {end}");
            if (interrupted == 0)
            {
                Assert.Equal(asked, begun.Count + killed.Asked.Count);
            }

            // Once more: nothing is left to be asked.
            killed.Asked.Clear();
            await new RoutingAudit(killed.Options).RunAsync([]);
            Assert.Empty(killed.Asked);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    public async Task Money_limit_holds_to_the_cent_however_many_are_under_way(int parallel)
    {
        for (var seed = 0; seed < 3; seed++)
        {
            var random = new Random(seed);
            using var audit = new Audit(withJudge: true)
            {
                Delays = true,
                Usage = () =>
                {
                    lock (random)
                    {
                        return (random.Next(1, 20), random.Next(1, 100));
                    }
                },
                Options =
                {
                    MaxParallel = parallel,
                    MaxOutputTokens = 100,
                    MaxCost = 0.03m,
                },
            };

            var result = await new RoutingAudit(audit.Options).RunAsync(Log(120));

            Assert.True(audit.Billed <= 0.03m, $"{audit.Billed}");
            Assert.Equal(audit.Billed, result.Spent);
            Assert.True(result.Spent > 0.02m, $"{result.Spent}");
            Assert.True(result.Unasked > 0);
            Assert.False(result.IsComplete);

            // More money, and it goes on.
            audit.Options.MaxCost = 10m;
            var rest = await new RoutingAudit(audit.Options).RunAsync([]);
            Assert.True(rest.IsComplete);
            Assert.Equal(audit.Billed, rest.Spent);
        }
    }

    [Fact]
    public async Task Cancelled_run_waits_for_what_it_has_sent_and_the_next_one_goes_on()
    {
        using var source = new CancellationTokenSource();
        var gate = new TaskCompletionSource();
        using var audit = new Audit { Gate = gate.Task, Options = { MaxParallel = 3 } };
        var running = new RoutingAudit(audit.Options).RunAsync(Log(30), cancellationToken: source.Token);
        while (audit.Asked.Count < 3)
        {
            await Task.Delay(5);
        }

        await source.CancelAsync();
        gate.SetResult();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        var sent = audit.Asked.Count;
        var result = await new RoutingAudit(audit.Options).RunAsync([]);

        Assert.True(sent < 30, $"{sent}");
        Assert.Equal((0, 30), (result.Interrupted, result.Prompts.Count));
        Assert.Equal(60, audit.Asked.Count);
        Assert.Equal(60, audit.Asked.Distinct().Count());
    }

    [Fact]
    public async Task Requests_that_fail_are_left_out_and_asked_again_by_the_next_run()
    {
        using var audit = new Audit { Fails = question => question.Contains("17", StringComparison.Ordinal) };

        var first = await new RoutingAudit(audit.Options).RunAsync(Log(30));
        audit.Fails = null;
        var second = await new RoutingAudit(audit.Options).RunAsync([]);

        Assert.Equal((1, 29), (first.Failed, first.Prompts.Count));
        Assert.Equal((0, 30), (second.Failed, second.Prompts.Count));
    }

    [Fact]
    public async Task Run_where_nothing_works_ends_soon_and_says_why()
    {
        using var audit = new Audit { Fails = _ => true };

        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => new RoutingAudit(audit.Options).RunAsync(Log(200)));

        Assert.Contains("\"small\" (HttpRequestException: down)", exception.Message, StringComparison.Ordinal);
        Assert.InRange(audit.Asked.Count, 10, 20);
    }

    [Fact]
    public async Task People_rate_without_knowing_which_answer_is_whose()
    {
        using var audit = new Audit(withJudge: false);
        audit.Options.Judge = null;
        var first = await new RoutingAudit(audit.Options).RunAsync(Log(40));
        Assert.Equal((0, 40), (first.Prompts.Count, first.Unjudged));
        var csv = Path.Combine(audit.Folder, "review.csv");
        var page = Path.Combine(audit.Folder, "review.html");

        var routing = new RoutingAudit(audit.Options);
        Assert.Equal(40, routing.WriteReview(csv));
        Assert.Equal(40, routing.WriteReview(page));

        // A person who trusts whoever is sure.
        var lines = (await File.ReadAllLinesAsync(csv)).ToList();
        var rated = lines
            .Skip(1)
            .Select(line =>
            {
                var cells = line.Split("\",\"");
                var verdict = (
                    cells[^2].Contains("sure", StringComparison.Ordinal),
                    cells[^1].Contains("sure", StringComparison.Ordinal)
                ) switch
                {
                    (true, true) => "BOTH",
                    (true, false) => "1",
                    _ => "2",
                };
                return line.Replace("\",,\"", $"\",{verdict},\"", StringComparison.Ordinal);
            })
            .ToList();
        Assert.InRange(rated.Count(line => line.Contains("\",1,\"", StringComparison.Ordinal)), 3, 17);
        await File.WriteAllLinesAsync(csv, [lines[0], .. rated[..30]]);
        Assert.Equal(30, routing.ReadReview(csv));
        audit.Asked.Clear();
        var second = await new RoutingAudit(audit.Options).RunAsync([]);

        Assert.Empty(audit.Asked);
        Assert.Equal((30, 10), (second.Prompts.Count, second.Unjudged));
        Assert.All(
            second.Prompts,
            prompt =>
                Assert.Equal(
                    (true, new AnswerJudgement(prompt.Prompt.Question.StartsWith("easy", StringComparison.Ordinal) ? 1 : 0, 1)),
                    (prompt.IsByPerson, prompt.Judgement)
                )
        );
        Assert.Equal(10, routing.WriteReview(csv));
        var html = await File.ReadAllTextAsync(page);
        Assert.DoesNotContain("audit-small", html, StringComparison.Ordinal);
        Assert.Contains("default-src 'none'", html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("id;verdict\r\nline-1;both\r\n", null)]
    [InlineData("verdict,id\n1,line-1\n", null)]
    [InlineData("id,verdict\nline-1,maybe\n", "\"maybe\" is no verdict")]
    [InlineData("id,verdict\nline-999,1\n", "no request of this audit")]
    [InlineData("name,stars\n", "id and verdict")]
    [InlineData("id,verdict\n\"line-1,1\n", "does not end")]
    public async Task Ratings_are_read_or_it_is_said_what_is_wrong(string csv, string? problem)
    {
        using var audit = new Audit();
        await new RoutingAudit(audit.Options).RunAsync(Log(5));
        var path = Path.Combine(audit.Folder, "my.csv");
        await File.WriteAllTextAsync(path, csv);

        if (problem is null)
        {
            Assert.Equal(1, new RoutingAudit(audit.Options).ReadReview(path));
        }
        else
        {
            var exception = Assert.Throws<InvalidDataException>(() => new RoutingAudit(audit.Options).ReadReview(path));
            Assert.Contains(problem, exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Hostile_prompts_stay_text_in_tables_and_pages()
    {
        using var audit = new Audit();
        audit.Options.Judge = null;
        string[] prompts = ["=HYPERLINK(\"http://x\")", "</script><script>alert(1)</script>", "a \"quoted\", text;\nof two lines"];
        await new RoutingAudit(audit.Options).RunAsync(
            prompts.Select((text, i) => new AuditPrompt($"-{i}", [new ChatMessage(ChatRole.User, text)]))
        );
        var routing = new RoutingAudit(audit.Options);
        var csv = Path.Combine(audit.Folder, "review.csv");
        var page = Path.Combine(audit.Folder, "review.html");

        routing.WriteReview(csv);
        routing.WriteReview(page);

        var text = await File.ReadAllTextAsync(csv);
        Assert.Contains("\"'=HYPERLINK(\"\"http://x\"\")\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>alert", await File.ReadAllTextAsync(page), StringComparison.Ordinal);
        await File.WriteAllTextAsync(csv, text.Replace("\",,\"", "\",BOTH,\"", StringComparison.Ordinal));
        Assert.Equal(3, routing.ReadReview(csv));
    }

    [Fact]
    public async Task Folder_of_another_audit_a_damaged_journal_and_a_second_process_are_told_apart()
    {
        using var audit = new Audit();
        await new RoutingAudit(audit.Options).RunAsync(Log(5));
        var path = Path.Combine(audit.Folder, "journal.jsonl");
        using (var held = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            var busy = await Assert.ThrowsAsync<IOException>(() => new RoutingAudit(audit.Options).RunAsync([]));
            Assert.Contains("another process", busy.Message, StringComparison.Ordinal);
        }

        var lines = await File.ReadAllLinesAsync(path);
        await File.WriteAllLinesAsync(path, [lines[0], "{rubbish", .. lines[1..]]);
        var damaged = await Assert.ThrowsAsync<InvalidDataException>(() => new RoutingAudit(audit.Options).RunAsync([]));
        Assert.Contains("line 2", damaged.Message, StringComparison.Ordinal);
        await File.WriteAllLinesAsync(path, lines);
        audit.Options.Weak = audit.Options.Weak! with { Name = "tiny" };
        var other = await Assert.ThrowsAsync<InvalidDataException>(() => new RoutingAudit(audit.Options).RunAsync([]));
        Assert.Contains("folder of its own", other.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bad_options_are_named_all_at_once()
    {
        var options = new RoutingAuditOptions
        {
            Prompts = 0,
            MaxCost = 0,
            MaxParallel = 0,
            MaxCallsPerMinute = 0,
            MaxOutputTokens = 0,
            CallTimeout = TimeSpan.Zero,
        };

        var message = Assert.Throws<ArgumentException>(() => new RoutingAudit(options)).Message;

        foreach (
            var problem in new[] { "Folder", "Weak", "Strong", "Prompts", "MaxCost", "MaxParallel", "PerMinute", "OutputTokens", "Timeout" }
        )
        {
            Assert.Contains(problem, message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Limit_without_a_price_is_refused_with_the_way_out()
    {
        using var audit = new Audit();
        audit.Options.MaxCost = 1;
        audit.Options.Prices = PriceBook.Empty;

        Assert.Contains(
            "ModelPrice.Free",
            Assert.Throws<ArgumentException>(() => new RoutingAudit(audit.Options)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Sample_has_each_feature_by_its_share_and_is_drawn_by_chance()
    {
        using var audit = new Audit();
        audit.Options.Prompts = 100;
        var log = Enumerable
            .Range(0, 2_000)
            .Select(i => new AuditPrompt($"p{i}", [new ChatMessage(ChatRole.User, $"question {i}")], i % 10 == 0 ? "rare" : "common"))
            .ToList();

        var result = await new RoutingAudit(audit.Options).RunAsync(log);

        Assert.Equal(10, result.Prompts.Count(prompt => prompt.Prompt.Feature == "rare"));
        Assert.Equal(100, result.Prompts.Select(prompt => prompt.Prompt.Id).Distinct().Count());
        var mean = result.Prompts.Average(prompt => int.Parse(prompt.Prompt.Id[1..], System.Globalization.CultureInfo.InvariantCulture));
        Assert.InRange(mean, 700, 1_300);
    }

    [Fact]
    public async Task Pace_is_kept()
    {
        using var audit = new Audit { Options = { MaxCallsPerMinute = 1_200, MaxParallel = 8 } };
        var started = TimeProvider.System.GetTimestamp();

        await new RoutingAudit(audit.Options).RunAsync(Log(5));

        // Ten requests, 50 ms apart: the last begins after 450 ms.
        Assert.True(TimeProvider.System.GetElapsedTime(started) > TimeSpan.FromMilliseconds(400));
    }

    private static FakeEmbeddingGenerator Generator() => Routing.RoutingPolicyTests.Generator();

    private static List<AuditPrompt> Log(int count) =>
        [
            .. Enumerable
                .Range(1, count)
                .Select(i => new AuditPrompt(
                    $"line-{i}",
                    [new ChatMessage(ChatRole.User, $"{(i % 2 == 0 ? "easy" : "hard")} question {i}")],
                    "faq"
                )),
        ];

    private sealed class Steps : IProgress<AuditProgress>
    {
        public ConcurrentQueue<AuditProgress> Seen { get; } = new();

        public void Report(AuditProgress value) => Seen.Enqueue(value);
    }

    /// <summary>Two tiers, of which the weaker one is wrong about what is hard; every request and its bill is remembered.</summary>
    private sealed class Audit : IDisposable
    {
        private readonly Lock _gate = new();
        private readonly List<ScriptedChatClient> _clients = [];

        public Audit(bool withJudge = false)
        {
            Folder = Directory.CreateTempSubdirectory().FullName;
            Options = new RoutingAuditOptions
            {
                Folder = Folder,
                Weak = new AuditTier("small", Client("audit-small"), "audit-small"),
                Strong = new AuditTier("large", Client("audit-large"), "audit-large"),
                Judge = withJudge ? AnswerJudges.ByModel(Client("audit-judge"), "audit-judge") : AnswerJudges.Exact,
                Prices = Prices,
                TokenCounter = new RequestTokenCounter(),
            };
        }

        public string Folder { get; }

        public RoutingAuditOptions Options { get; }

        public ConcurrentBag<string> Asked { get; } = [];

        public Func<string, bool>? Fails { get; set; }

        public Func<(int Input, int Output)>? Usage { get; init; }

        public Task? Gate { get; init; }

        public bool Delays { get; init; }

        public decimal Billed { get; private set; }

        public void Dispose() => _clients.ForEach(client => client.Dispose());

        private ScriptedChatClient Client(string model)
        {
            var client = new ScriptedChatClient(
                (messages, _) =>
                {
                    var question = messages[^1].Text;
                    Asked.Add($"{model} {question}");
                    if (Fails?.Invoke(question) == true)
                    {
                        return ScriptedAnswer.Failing(new HttpRequestException("down"));
                    }

                    var (input, output) = Usage?.Invoke() ?? (100, 20);
                    var price = Prices.Find(model, "openai", DateTimeOffset.UnixEpoch)!;
                    lock (_gate)
                    {
                        Billed += ((input * price.Input!.Value) + (output * price.Output!.Value)) / 1_000_000;
                    }

                    var isWrong = model == "audit-small" && question.Contains("hard", StringComparison.Ordinal);
                    return ScriptedAnswer.Saying(
                        model == "audit-judge" ? "BOTH"
                        : isWrong ? "perhaps"
                        : "sure"
                    ) with
                    {
                        ModelId = model,
                        Gate = Gate ?? (Delays ? Task.Delay(1) : null),
                        Usage = new UsageDetails { InputTokenCount = input, OutputTokenCount = output },
                    };
                }
            )
            {
                Metadata = new("openai", null, model),
            };
            _clients.Add(client);
            return client;
        }
    }
}
