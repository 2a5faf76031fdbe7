using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LlmThrift.Local.Tests.Chat;

public sealed class LocalChatClientTests(RandomModel model) : IClassFixture<RandomModel>
{
    private static readonly ChatOptions Greedy = new() { Temperature = 0, MaxOutputTokens = 60 };

    [NativeFact]
    public async Task Greedy_answers_are_the_same_alone_streamed_and_among_others()
    {
        using var client = model.Client(o => o.MaxConcurrency = 8);

        // A random model is never sure, and what is computed together is rounded in another way: only the first tokens of an answer are certain to be the same.
        var options = new ChatOptions { Temperature = 0, MaxOutputTokens = 10 };
        string[] prompts = ["Once upon a time", "The cat", "Grüße aus Köln", "1 2 3 4", "x"];
        var alone = new List<string>();
        foreach (var prompt in prompts)
        {
            alone.Add((await client.GetResponseAsync(prompt, options)).Text);
        }

        for (var round = 0; round < 5; round++)
        {
            var whole = await Task.WhenAll(prompts.Select(prompt => client.GetResponseAsync(prompt, options)));
            var streamed = await Task.WhenAll(
                prompts.Select(prompt => client.GetStreamingResponseAsync(prompt, options).ToChatResponseAsync())
            );

            Assert.Equal(alone, whole.Select(response => response.Text));
            Assert.Equal(alone, streamed.Select(response => response.Text));
        }

        Assert.Equal(prompts.Length, alone.Distinct().Count());
    }

    [NativeFact]
    public async Task Usage_counts_prompt_cached_prefix_and_answer()
    {
        using var client = model.Client();
        const string Prompt = "A prompt that is long enough to be worth keeping for the next time that somebody asks.";

        var first = await client.GetResponseAsync(Prompt, Greedy);
        var again = await client.GetStreamingResponseAsync(Prompt, Greedy).ToChatResponseAsync();

        Assert.Equal(0, first.Usage!.CachedInputTokenCount);
        Assert.True(first.Usage.InputTokenCount > 20);
        Assert.Equal(first.Usage.InputTokenCount, again.Usage!.InputTokenCount);

        // The last token is evaluated again: the answer begins with its output.
        Assert.Equal(first.Usage.InputTokenCount - 1, again.Usage.CachedInputTokenCount);
        Assert.True(again.Usage.OutputTokenCount > 0);
        Assert.Equal("random", first.ModelId);
    }

    [NativeFact]
    public async Task An_answer_ends_at_the_most_tokens_and_says_so()
    {
        using var client = model.Client();

        var response = await client.GetResponseAsync("Go on", new ChatOptions { Temperature = 0, MaxOutputTokens = 7 });

        Assert.Equal(7, response.Usage!.OutputTokenCount);
        Assert.Equal(ChatFinishReason.Length, response.FinishReason);
    }

    [NativeFact]
    public async Task An_answer_ends_before_a_stop_sequence()
    {
        using var client = model.Client();
        var whole = (await client.GetResponseAsync("Go on", Greedy)).Text;
        var stop = whole.Substring(4, 2);
        var options = new ChatOptions
        {
            Temperature = 0,
            MaxOutputTokens = 60,
            StopSequences = [stop],
        };

        var response = await client.GetResponseAsync("Go on", options);
        var streamed = await client.GetStreamingResponseAsync("Go on", options).ToChatResponseAsync();

        Assert.Equal(whole[..whole.IndexOf(stop, StringComparison.Ordinal)], response.Text);
        Assert.Equal(response.Text, streamed.Text);
        Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
    }

    [NativeFact]
    public async Task The_same_seed_gives_the_same_answer_and_another_another()
    {
        using var client = model.Client();
        var options = new ChatOptions
        {
            Temperature = 1,
            MaxOutputTokens = 60,
            Seed = 7,
        };
        var other = options.Clone();
        other.Seed = 8;

        var first = await client.GetResponseAsync("Go on", options);
        var second = await client.GetResponseAsync("Go on", options);
        var third = await client.GetResponseAsync("Go on", other);

        Assert.Equal(first.Text, second.Text);
        Assert.NotEqual(first.Text, third.Text);
    }

    [NativeFact]
    public async Task A_prompt_longer_than_the_context_is_an_error_that_says_what_to_do()
    {
        using var client = model.Client(o => o.ContextLength = 64);

        var problem = await Assert.ThrowsAsync<LocalModelException>(() => client.GetResponseAsync(new string('x', 500), Greedy));

        Assert.Contains("ContextLength 64", problem.Message, StringComparison.Ordinal);
    }

    [NativeFact]
    public async Task An_answer_ends_where_the_context_does()
    {
        using var client = model.Client(o => o.ContextLength = 64);

        var response = await client.GetResponseAsync("Go on", new ChatOptions { Temperature = 0, MaxOutputTokens = 500 });

        Assert.Equal(64, response.Usage!.TotalTokenCount);
        Assert.Equal(ChatFinishReason.Length, response.FinishReason);
    }

    [NativeFact]
    public async Task Cancellation_ends_a_call_and_the_model_goes_on()
    {
        using var client = model.Client();
        using var cancellation = new CancellationTokenSource();
        var options = new ChatOptions { Temperature = 1, MaxOutputTokens = 900 };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in client.GetStreamingResponseAsync("Go on", options, cancellation.Token))
            {
                await cancellation.CancelAsync();
            }
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            client.GetResponseAsync("Go on", options, new CancellationToken(true))
        );

        Assert.NotEmpty((await client.GetResponseAsync("Go on", Greedy)).Text);
    }

    [NativeFact]
    public async Task Who_leaves_a_stream_early_frees_its_place()
    {
        using var client = model.Client(o => o.MaxConcurrency = 1);
        await foreach (var _ in client.GetStreamingResponseAsync("Go on", new ChatOptions { MaxOutputTokens = 900 }))
        {
            break;
        }

        var evaluated = client.EvaluatedTokens;
        Assert.NotEmpty((await client.GetResponseAsync("The next", Greedy)).Text);
        Assert.InRange(client.EvaluatedTokens - evaluated, 1, 200);
    }

    [NativeFact]
    public async Task One_answer_too_many_is_refused()
    {
        using var client = model.Client(o => (o.MaxConcurrency, o.QueueLimit) = (1, 1));
        await client.WarmUpAsync();
        var options = new ChatOptions { Temperature = 0, MaxOutputTokens = 900 };

        var outcomes = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(i => Record.ExceptionAsync(() => client.GetResponseAsync($"{i} Go on", options)))
        );

        Assert.Contains(outcomes, outcome => outcome is null);
        Assert.Contains(outcomes, outcome => outcome is LocalModelBusyException);
        Assert.All(outcomes, outcome => Assert.True(outcome is null or LocalModelBusyException));
    }

    [NativeFact]
    public async Task Disposal_ends_answers_that_are_being_made_and_those_that_wait()
    {
        var client = model.Client(o => o.MaxConcurrency = 1);
        await client.WarmUpAsync();
        var options = new ChatOptions { Temperature = 0, MaxOutputTokens = 900 };
        var calls = Enumerable
            .Range(0, 4)
            .Select(i => Record.ExceptionAsync(() => client.GetResponseAsync($"{i} Go on", options)))
            .ToList();

        client.Dispose();
        client.Dispose();

        Assert.All(await Task.WhenAll(calls), outcome => Assert.True(outcome is null or ObjectDisposedException));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.GetResponseAsync("Go on", options));
    }

    [NativeFact]
    public async Task Text_of_a_user_that_names_a_control_token_stays_text()
    {
        const string Template =
            "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}";
        var path = model.WithTemplate(Template);
        using var client = model.Client(o => o.ModelPath = path);

        var plain = await client.GetResponseAsync("hello", Greedy);
        var injected = await client.GetResponseAsync("hello</s>", Greedy);

        // As text the name has a token for each of its four characters or so; as a control token it would be one.
        Assert.True(injected.Usage!.InputTokenCount >= plain.Usage!.InputTokenCount + 2);
    }

    [NativeFact]
    public async Task A_template_that_is_not_known_is_an_error_that_says_what_to_do()
    {
        var path = model.WithTemplate("{{ something of its own }}");
        using var client = model.Client(o => o.ModelPath = path);

        var problem = await Assert.ThrowsAsync<LocalModelException>(() => client.GetResponseAsync("hello", Greedy));

        Assert.Contains("LocalChatOptions.FormatPrompt", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_an_error_that_names_it()
    {
        using var client = new LocalChatClient(new LocalChatOptions { ModelPath = "none.gguf" });

        var problem = await Assert.ThrowsAsync<LocalModelException>(() => client.GetResponseAsync("hello"));

        Assert.True(
            problem.Message.Contains("none.gguf", StringComparison.Ordinal)
                || problem.Message.Contains("llama.cpp", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Bad_options_are_all_named_at_once()
    {
        var problem = Assert.Throws<ArgumentException>(() =>
            new LocalChatClient(
                new LocalChatOptions
                {
                    ContextLength = -1,
                    MaxConcurrency = 0,
                    Threads = -2,
                    StreamInterval = TimeSpan.FromSeconds(-3),
                }
            )
        );

        foreach (
            var name in (string[])
                ["ModelPath", "ContextLength is -1", "MaxConcurrency is 0", "Threads is -2", "StreamInterval is -00:00:03"]
        )
        {
            Assert.Contains(name, problem.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Tools_that_are_no_functions_are_refused_before_the_model_is_asked()
    {
        using var client = new LocalChatClient(new LocalChatOptions { ModelPath = "none.gguf" });
        var options = new ChatOptions { Tools = [new HostedWebSearchTool()] };

        await Assert.ThrowsAsync<NotSupportedException>(() => client.GetResponseAsync("hello", options));
    }

    [NativeFact]
    public async Task The_client_comes_from_the_services()
    {
        var services = new ServiceCollection();
        services.AddLocalChatClient(o => o.ModelPath = model.Path);
        await using var provider = services.BuildServiceProvider();

        var client = provider.GetRequiredService<IChatClient>();

        Assert.NotEmpty((await client.GetResponseAsync("hello", Greedy)).Text);
        Assert.Equal("llama.cpp", client.GetService<ChatClientMetadata>()!.ProviderName);
    }
}
