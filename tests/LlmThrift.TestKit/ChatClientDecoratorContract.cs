using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.TestKit;

/// <summary>What holds for every decorator, with and without streaming. Derive, and say how to decorate.</summary>
public abstract class ChatClientDecoratorContract
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    protected abstract IChatClient Decorate(IChatClient inner);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Call_answered_passes_the_whole_answer_on(bool isStreaming)
    {
        using var inner = new ScriptedChatClient();
        using var client = Decorate(inner);

        var response = await AskAsync(client, isStreaming, "question");

        Assert.Equal("Hello, world.", response.Text);
        Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
        Assert.Equal("gpt-4o", response.ModelId);
        Assert.Equal(100, response.Usage?.InputTokenCount);
        Assert.Equal(20, response.Usage?.OutputTokenCount);
        Assert.Equal(1, inner.Calls);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Call_leaves_the_callers_messages_and_options_as_they_are(bool isStreaming)
    {
        using var inner = new ScriptedChatClient();
        using var client = Decorate(inner);
        List<ChatMessage> messages = [new(ChatRole.System, "be brief"), new(ChatRole.User, "question")];
        var options = new ChatOptions
        {
            ModelId = "gpt-4o",
            MaxOutputTokens = 1_000_000,
            Temperature = 0.5f,
            StopSequences = ["stop"],
            Tools = [AIFunctionFactory.Create(() => 1, "one")],
            AdditionalProperties = new() { ["color"] = "blue" },
        }.WithFeature("faq");
        var before = options.Clone();

        await AskAsync(client, isStreaming, messages, options);

        Assert.Equal(2, messages.Count);
        Assert.Equal(before.ModelId, options.ModelId);
        Assert.Equal(before.MaxOutputTokens, options.MaxOutputTokens);
        Assert.Equal(before.Temperature, options.Temperature);
        Assert.Equal(before.StopSequences, options.StopSequences);
        Assert.Equal(before.Tools, options.Tools);
        Assert.Equal(before.AdditionalProperties!.OrderBy(p => p.Key), options.AdditionalProperties!.OrderBy(p => p.Key));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Call_hands_the_provider_what_the_app_asked_and_nothing_of_its_own(bool isStreaming)
    {
        using var inner = new ScriptedChatClient();
        using var client = Decorate(inner);
        var options = new ChatOptions
        {
            ModelId = "gpt-4o-mini",
            Temperature = 0.25f,
            AdditionalProperties = new() { ["color"] = "blue" },
        };
        options.WithTenant("acme").WithFeature("faq").WithUser("u1").WithCallRecord(_ => { }).WithCacheTags("t").WithCacheKey("k");

        await AskAsync(client, isStreaming, [new ChatMessage(ChatRole.User, "question")], options);

        var (messages, received, _) = Assert.Single(inner.Requests);
        Assert.Equal("question", messages[0].Text);
        Assert.Equal("gpt-4o-mini", received?.ModelId);
        Assert.Equal(0.25f, received?.Temperature);
        Assert.Equal("blue", received?.AdditionalProperties?["color"]);
        Assert.DoesNotContain(received!.AdditionalProperties!.Keys, key => key.StartsWith("llmthrift", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Call_enumerates_the_messages_once(bool isStreaming)
    {
        using var inner = new ScriptedChatClient();
        using var client = Decorate(inner);
        var messages = new OneShotMessages(new ChatMessage(ChatRole.User, "question"));

        await AskAsync(client, isStreaming, messages);

        Assert.Equal(1, messages.Enumerations);
    }

    [Fact]
    public async Task Call_without_messages_is_refused()
    {
        using var client = Decorate(new ScriptedChatClient());

        await Assert.ThrowsAsync<ArgumentNullException>(() => client.GetResponseAsync((IEnumerable<ChatMessage>)null!));
        await Assert.ThrowsAsync<ArgumentNullException>(async () =>
            await client.GetStreamingResponseAsync((IEnumerable<ChatMessage>)null!).ToChatResponseAsync()
        );
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Call_cancelled_before_it_begins_ends_as_cancelled(bool isStreaming)
    {
        using var inner = new ScriptedChatClient();
        using var client = Decorate(inner);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            AskAsync(client, isStreaming, "question", new CancellationToken(canceled: true))
        );
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Call_cancelled_while_the_provider_works_ends_as_cancelled_and_cancels_the_provider(bool isStreaming)
    {
        var gate = new TaskCompletionSource();
        using var inner = new ScriptedChatClient(new ScriptedAnswer { Gate = gate.Task });
        using var client = Decorate(inner);
        using var source = new CancellationTokenSource();
        var asking = AskAsync(client, isStreaming, "question", source.Token);
        await UntilAsync(() => inner.Calls == 1);

        await source.CancelAsync();

        var exception = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking.WaitAsync(Patience));
        Assert.Equal(source.Token, exception.CancellationToken);
        await UntilAsync(() => inner.Requests.Single().Token.IsCancellationRequested && inner.OpenStreams == 0);
    }

    [Fact]
    public async Task Stream_cancelled_after_its_first_update_ends_as_cancelled_and_closes_the_providers_stream()
    {
        var gate = new TaskCompletionSource();
        using var inner = new ScriptedChatClient(new ScriptedAnswer { GateAfterFirstChunk = gate.Task });
        using var client = Decorate(inner);
        using var source = new CancellationTokenSource();
        await using var stream = client.GetStreamingResponseAsync("question", cancellationToken: source.Token).GetAsyncEnumerator();
        Assert.True(await stream.MoveNextAsync());
        Assert.Equal("Hello", stream.Current.Text);

        var next = stream.MoveNextAsync();
        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next.AsTask().WaitAsync(Patience));
        await UntilAsync(() => inner.OpenStreams == 0);
    }

    [Fact]
    public async Task Stream_left_early_closes_the_providers_stream()
    {
        var gate = new TaskCompletionSource();
        using var inner = new ScriptedChatClient(new ScriptedAnswer { GateAfterFirstChunk = gate.Task });
        using var client = Decorate(inner);

        await foreach (var update in client.GetStreamingResponseAsync("question"))
        {
            Assert.Equal("Hello", update.Text);
            break;
        }

        await UntilAsync(() => inner.OpenStreams == 0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Call_that_fails_throws_the_providers_own_exception(bool isStreaming)
    {
        var failure = new InvalidOperationException("the provider is down");
        using var client = Decorate(new ScriptedChatClient(ScriptedAnswer.Failing(failure)));

        var thrown = await Assert.ThrowsAsync<InvalidOperationException>(() => AskAsync(client, isStreaming, "question"));

        Assert.Same(failure, thrown);
    }

    [Fact]
    public async Task Stream_that_breaks_hands_over_what_came_and_then_the_providers_own_exception()
    {
        var failure = new InvalidOperationException("the connection broke");
        using var client = Decorate(new ScriptedChatClient(ScriptedAnswer.Failing(failure, afterChunks: 2)));
        var text = "";

        var thrown = await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            await foreach (var update in client.GetStreamingResponseAsync("question"))
            {
                text += update.Text;
            }
        });

        Assert.Same(failure, thrown);
        Assert.Equal("Hello, ", text);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Call_after_a_failed_one_reaches_the_provider_again(bool isStreaming)
    {
        var answers = new Queue<ScriptedAnswer>([ScriptedAnswer.Failing(new InvalidOperationException("once")), new ScriptedAnswer()]);
        using var client = Decorate(new ScriptedChatClient((_, _) => answers.Dequeue()));

        await Assert.ThrowsAsync<InvalidOperationException>(() => AskAsync(client, isStreaming, "question"));
        var response = await AskAsync(client, isStreaming, "question");

        Assert.Equal("Hello, world.", response.Text);
    }

    [Fact]
    public async Task Hundred_callers_at_once_each_get_their_own_answer()
    {
        using var client = Decorate(ScriptedChatClient.Echo());

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 100).Select(i => Task.Run(() => AskAsync(client, i % 2 == 0, $"question {i}")))
        );

        for (var i = 0; i < answers.Length; i++)
        {
            Assert.Equal($"You said: question {i} - and that is that.", answers[i].Text);
        }
    }

    [Fact]
    public void Dispose_disposes_the_inner_client_once()
    {
        var inner = new ScriptedChatClient();
        var client = Decorate(inner);

        client.Dispose();

        Assert.Equal(1, inner.Disposals);
    }

    [Fact]
    public void GetService_finds_itself_and_what_lies_further_in()
    {
        using var inner = new ScriptedChatClient();
        using var client = Decorate(inner);

        Assert.Same(client, client.GetService(client.GetType()));
        Assert.Same(inner, client.GetService<ScriptedChatClient>());
        Assert.Same(inner.Metadata, client.GetService<ChatClientMetadata>());
        Assert.Null(client.GetService(typeof(string), "no such key"));
        Assert.Throws<ArgumentNullException>(() => client.GetService(null!));
    }

    protected static Task<ChatResponse> AskAsync(
        IChatClient client,
        bool isStreaming,
        string question,
        CancellationToken cancellationToken = default
    ) => AskAsync(client, isStreaming, [new ChatMessage(ChatRole.User, question)], null, cancellationToken);

    protected static Task<ChatResponse> AskAsync(
        IChatClient client,
        bool isStreaming,
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    ) =>
        isStreaming
            ? client.GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken)
            : client.GetResponseAsync(messages, options, cancellationToken);

    /// <summary>Waits for something that happens on another thread, for as long as a test may take and no longer than it needs.</summary>
    protected static async Task UntilAsync(Func<bool> condition)
    {
        using var timeout = new CancellationTokenSource(Patience);
        while (!condition())
        {
            await Task.Delay(5, timeout.Token);
        }
    }
}
