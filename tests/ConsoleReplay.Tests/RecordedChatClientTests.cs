using ConsoleReplay.Banking;
using ConsoleReplay.Logs;
using ConsoleReplay.Recorded;
using Microsoft.Extensions.AI;
using Xunit;

namespace ConsoleReplay.Tests;

public sealed class RecordedChatClientTests
{
    private static readonly ChatMessage[] Question =
    [
        new(ChatRole.System, BankingData.SystemPrompt),
        new(ChatRole.User, "I need my refund"),
    ];

    [Fact]
    public async Task GetResponseAsync_same_request_gets_the_same_answer()
    {
        using var client = Create();

        var first = await client.GetResponseAsync(Question, new ChatOptions { ModelId = "gpt-4o" });
        var second = await client.GetResponseAsync(Question, new ChatOptions { ModelId = "gpt-4o" });

        Assert.Equal(BankingData.Answers["Refund_not_showing_up"], first.Text);
        Assert.Equal(first.Text, second.Text);
        Assert.Equal(first.ResponseId, second.ResponseId);
        Assert.Equal("gpt-4o", first.ModelId);
        Assert.Equal(ChatFinishReason.Stop, first.FinishReason);
        Assert.Equal(first.Usage!.TotalTokenCount, first.Usage.InputTokenCount + first.Usage.OutputTokenCount);
        Assert.Equal(second.Usage!.TotalTokenCount, first.Usage.TotalTokenCount);
        Assert.InRange(first.Usage.InputTokenCount!.Value, 500, 1_023);
        Assert.InRange(first.Usage.OutputTokenCount!.Value, 60, 150);
    }

    [Fact]
    public async Task GetStreamingResponseAsync_gives_the_text_and_usage_of_a_plain_call_token_by_token()
    {
        using var client = Create();

        var plain = await client.GetResponseAsync(Question);
        var updates = await client.GetStreamingResponseAsync(Question).ToListAsync();

        var streamed = updates.ToChatResponse();
        Assert.Equal(plain.Text, streamed.Text);
        Assert.Equal(plain.FinishReason, streamed.FinishReason);
        Assert.Equal(plain.ResponseId, streamed.ResponseId);
        Assert.Equal(plain.Usage!.OutputTokenCount, streamed.Usage!.OutputTokenCount);
        Assert.Equal(plain.Usage.OutputTokenCount, updates.Count(update => update.Text.Length > 0));
        Assert.Single(updates, update => update.FinishReason is not null);
        Assert.IsType<UsageContent>(Assert.Single(updates[^1].Contents));
    }

    [Fact]
    public async Task GetResponseAsync_limit_on_output_cuts_the_answer_off()
    {
        using var client = Create();

        var whole = await client.GetResponseAsync(Question);
        var cut = await client.GetResponseAsync(Question, new ChatOptions { MaxOutputTokens = 10 });

        Assert.Equal(ChatFinishReason.Length, cut.FinishReason);
        Assert.StartsWith(cut.Text, whole.Text, StringComparison.Ordinal);
        Assert.Equal(10, cut.Usage!.OutputTokenCount);
    }

    [Fact]
    public async Task GetResponseAsync_cancelled_stops_waiting()
    {
        using var client = Create(speed: 0.001);
        using var cancellation = new CancellationTokenSource();

        var call = client.GetResponseAsync(Question, cancellationToken: cancellation.Token);
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    [Fact]
    public async Task GetStreamingResponseAsync_cancelled_midway_stops()
    {
        using var client = Create();
        using var cancellation = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in client.GetStreamingResponseAsync(Question, cancellationToken: cancellation.Token))
                await cancellation.CancelAsync();
        });
    }

    [Fact]
    public void LatencyOf_is_plausible_and_the_same_each_time()
    {
        using var client = Create();
        var calls = BankingTraffic.Build(500, int.MaxValue, 0, 1, "gpt-4o", stream: false).Calls;

        var latencies = calls.Select(client.LatencyOf).ToList();

        Assert.Equal(latencies, calls.Select(client.LatencyOf));
        Assert.All(latencies, latency => Assert.InRange(latency.ToFirstToken.TotalMilliseconds, 150, 1_500));
        Assert.All(latencies, latency => Assert.True(latency.ToLastToken > latency.ToFirstToken));
        Assert.InRange(latencies.Select(latency => latency.ToLastToken.TotalSeconds).Order().ElementAt(250), 1, 2.5);
    }

    [Fact]
    public void GetService_metadata_names_the_provider_and_model()
    {
        using var client = Create();

        var metadata = client.GetService<ChatClientMetadata>()!;

        Assert.Equal(("openai", "gpt-4o"), (metadata.ProviderName, metadata.DefaultModelId));
    }

    [Fact]
    public async Task GetResponseAsync_log_answers_equal_requests_in_turn_with_their_recorded_usage()
    {
        var log = await ReadAsync(
            Line("Hi", "One", 11),
            Line("Hi", "Two", 22),
            Line("Bye", "Three", 33),
            """{"model":"gpt-4o","messages":[{"role":"user","content":"New"}],"max_tokens":40}"""
        );
        using var client = new RecordedChatClient(new LogAnswers(log.Calls, 200), "gpt-4o", double.PositiveInfinity, TimeProvider.System);

        var answers = new List<ChatResponse>();
        foreach (var logged in log.Calls)
            answers.Add(await client.GetResponseAsync(logged.Call.Messages, logged.Call.Options));

        Assert.Equal(["One", "Two", "Three"], answers.Take(3).Select(answer => answer.Text));
        Assert.Equal([11, 22, 33], answers.Take(3).Select(answer => answer.Usage!.OutputTokenCount!.Value));
        Assert.Contains("synthetic", answers[3].Text, StringComparison.Ordinal);
        Assert.InRange(answers[3].Usage!.OutputTokenCount!.Value, 25, 40);
    }

    [Fact]
    public async Task GetResponseAsync_log_answers_another_model_with_the_recorded_text()
    {
        var log = await ReadAsync(Line("Hi", "One", 11));
        using var client = new RecordedChatClient(new LogAnswers(log.Calls, 200), "gpt-4o", double.PositiveInfinity, TimeProvider.System);

        var answer = await client.GetResponseAsync(log.Calls[0].Call.Messages, new ChatOptions { ModelId = "gpt-4o-mini" });

        Assert.Equal(("One", "gpt-4o-mini"), (answer.Text, answer.ModelId));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Hello, world!  Two  spaces\nand a line.")]
    [InlineData("日本語のテキスト 👩‍👩‍👧 naïve")]
    [InlineData("lone \ud83d surrogate")]
    public void Split_joined_is_the_text(string text)
    {
        Assert.Equal(text, string.Concat(TokenChunks.Split(text)));
    }

    private static RecordedChatClient Create(double speed = double.PositiveInfinity) =>
        new(new BankingAnswers(), "gpt-4o", speed, TimeProvider.System);

    private static string Line(string question, string answer, int outputTokens) =>
        $$$$"""
            {"model":"gpt-4o","messages":[{"role":"user","content":"{{{{question}}}}"}],"response":{"choices":[{"finish_reason":"stop","message":{"content":"{{{{answer}}}}"}}],
            "usage":{"prompt_tokens":5,"completion_tokens":{{{{outputTokens}}}},"total_tokens":1}}}
            """.ReplaceLineEndings(" ");

    private static async Task<TrafficLog> ReadAsync(params string[] lines)
    {
        using var reader = new StringReader(string.Join('\n', lines));
        var log = await new TrafficLogReader().ReadAsync(reader, "traffic.jsonl");
        Assert.Empty(log.Problems);
        return log;
    }
}
