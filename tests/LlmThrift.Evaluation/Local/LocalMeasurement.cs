using System.Diagnostics;
using System.Globalization;
using LlmThrift.Local;
using LlmThrift.TestKit.Gguf;
using Microsoft.Extensions.AI;

namespace LlmThrift.Evaluation.Local;

/// <summary>Measures a model of the local backend: whether its answers are those on record, how fast they are, and what memory they take.</summary>
internal sealed class LocalMeasurement(string path, int threads, int tokens, string? natives)
{
    private const int Rounds = 5;
    private const int Conversations = 16;
    private const int RoundsOfConversations = 3;
    private const int SharedTokens = 256;
    private const int LongPrompt = 500;

    private static readonly ChatOptions OneToken = new() { Temperature = 0, MaxOutputTokens = 1 };

    private readonly ChatOptions _greedy = new() { Temperature = 0, MaxOutputTokens = tokens };
    private int _beginnings;

    public async Task<LocalFigures> RunAsync(RecordedAnswers? recorded)
    {
        var same = recorded is null ? null : await CompareAsync(recorded);
        using var alone = Client(1);
        await alone.WarmUpAsync();
        Progress.Show("Prompts");
        var (promptTokens, promptSpeed) = await PromptsAsync(alone);
        Progress.Show("Answers");
        var (answerSpeed, bytes) = await AnswersAsync(alone);
        Progress.Show("Streams");
        var (streamedBytes, tokensPerUpdate) = await StreamsAsync(alone);
        var conversations = await ConversationsAsync();
        Progress.Clear();
        return new LocalFigures
        {
            Model = Path.GetFileName(path),
            Threads = threads,
            Recorded = same,
            PromptTokens = promptTokens,
            PromptTokensPerSecond = promptSpeed,
            AnswerTokensPerSecond = answerSpeed,
            BytesPerToken = bytes,
            BytesPerStreamedToken = streamedBytes,
            TokensPerUpdate = tokensPerUpdate,
            Conversations = conversations,
        };
    }

    private LocalChatClient Client(int conversations, int context = 0) =>
        new(
            new LocalChatOptions
            {
                ModelPath = path,
                Threads = threads,
                MaxConcurrency = conversations,
                ContextLength = context,
                NativeLibraryPath = natives,
            }
        );

    private async Task<RecordedFigures> CompareAsync(RecordedAnswers recorded)
    {
        const int AtOnce = 8;
        var greedy = new ChatOptions { Temperature = 0, MaxOutputTokens = recorded.MaxOutputTokens };
        var (alone, streamed, asked, among) = (0, 0, 0, 0);
        using (var client = Client(1, recorded.ContextLength))
        {
            foreach (var (prompt, text) in recorded.Answers)
            {
                Progress.Show($"Recorded answers: '{prompt}'");
                alone += (await client.GetResponseAsync(prompt, greedy)).Text == text ? 1 : 0;
                streamed += (await client.GetStreamingResponseAsync(prompt, greedy).ToChatResponseAsync()).Text == text ? 1 : 0;
            }
        }

        using (var client = Client(AtOnce, recorded.ContextLength))
        {
            for (var round = 0; round < recorded.Answers.Count; round++)
            {
                Progress.Show($"Recorded answers, eight at once: {round + 1} of {recorded.Answers.Count}");
                var answers = Enumerable.Range(round, AtOnce).Select(i => recorded.Answers[i % recorded.Answers.Count]).ToList();
                var responses = await Task.WhenAll(answers.Select(answer => client.GetResponseAsync(answer.Prompt, greedy)));
                asked += AtOnce;
                among += answers.Zip(responses).Count(pair => pair.First.Text == pair.Second.Text);
            }
        }

        return new RecordedFigures(recorded.Answers.Count, alone, streamed, asked, among);
    }

    private async Task<(long Tokens, double Speed)> PromptsAsync(LocalChatClient client)
    {
        // As long as the model lets it be, up to some number of tokens.
        var text = await TextAsync(client, LongPrompt);
        var speeds = new List<double>();
        var tokensOfPrompt = 0L;
        for (var round = 0; round < Rounds; round++)
        {
            var start = Stopwatch.GetTimestamp();
            var usage = (await client.GetResponseAsync(Beginning() + text, OneToken)).Usage!;
            var evaluated = usage.InputTokenCount!.Value - usage.CachedInputTokenCount!.Value;
            speeds.Add(evaluated / Stopwatch.GetElapsedTime(start).TotalSeconds);
            tokensOfPrompt = evaluated;
        }

        return (tokensOfPrompt, Median(speeds));
    }

    private async Task<(double Speed, double Bytes)> AnswersAsync(LocalChatClient client)
    {
        List<double> speeds = [];
        List<double> bytes = [];
        for (var round = 0; round < Rounds; round++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            var start = Stopwatch.GetTimestamp();
            var response = await client.GetResponseAsync("a", _greedy);
            var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            var made = (double)response.Usage!.OutputTokenCount!.Value;
            speeds.Add(made / seconds);
            bytes.Add((GC.GetTotalAllocatedBytes(precise: true) - before) / made);
        }

        return (Median(speeds), Median(bytes));
    }

    private async Task<(double Bytes, double TokensPerUpdate)> StreamsAsync(LocalChatClient client)
    {
        List<double> bytes = [];
        List<double> perUpdate = [];
        for (var round = 0; round < Rounds; round++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            var updates = 0;
            var made = 0d;
            await foreach (var update in client.GetStreamingResponseAsync("a", _greedy))
            {
                updates++;
                made = update.Contents is [UsageContent usage] ? usage.Details.OutputTokenCount!.Value : made;
            }

            bytes.Add((GC.GetTotalAllocatedBytes(precise: true) - before) / made);
            perUpdate.Add(made / updates);
        }

        return (Median(bytes), Median(perUpdate));
    }

    private async Task<ConversationFigures> ConversationsAsync()
    {
        using var client = Client(Conversations, 512);
        await client.WarmUpAsync();
        var text = await TextAsync(client, SharedTokens);
        var options = new ChatOptions { Temperature = 0, MaxOutputTokens = Math.Min(tokens, 200) };
        List<double> oneByOne = [];
        List<double> atOnce = [];
        List<double> ratios = [];
        var (shared, times) = (0L, 0d);
        for (var round = 0; round < RoundsOfConversations; round++)
        {
            Progress.Show($"{Conversations} conversations: round {round + 1} of {RoundsOfConversations}");
            var requests = Requests(text);
            var start = Stopwatch.GetTimestamp();
            var made = 0L;
            foreach (var request in requests)
            {
                made += (await client.GetResponseAsync(request, options)).Usage!.OutputTokenCount!.Value;
            }

            oneByOne.Add(made / Stopwatch.GetElapsedTime(start).TotalSeconds);
            requests = Requests(text);
            start = Stopwatch.GetTimestamp();
            var usages = (await Task.WhenAll(requests.Select(request => client.GetResponseAsync(request, options))))
                .Select(response => response.Usage!)
                .ToList();
            var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            atOnce.Add(usages.Sum(usage => usage.OutputTokenCount!.Value) / seconds);
            ratios.Add(atOnce[^1] / oneByOne[^1]);

            // Who came first evaluated the beginning; what the others have of it tells how long it is.
            shared = usages.Max(usage => usage.CachedInputTokenCount!.Value);
            var evaluated = usages.Sum(usage => usage.InputTokenCount!.Value - usage.CachedInputTokenCount!.Value);
            var unshared = usages.Sum(usage => usage.InputTokenCount!.Value - shared);
            times = Math.Max(times, shared == 0 ? Conversations : (evaluated - unshared) / (double)shared);
        }

        return new ConversationFigures(Conversations, shared, times, Median(oneByOne), Median(atOnce), Median(ratios));
    }

    private List<ChatMessage[]> Requests(string text)
    {
        var system = new ChatMessage(ChatRole.System, Beginning() + text);
        return
        [
            .. Enumerable
                .Range(0, Conversations)
                .Select(i => (ChatMessage[])[system, new ChatMessage(ChatRole.User, $"{(char)('A' + i)} question")]),
        ];
    }

    /// <summary>A text that, after what no prompt has begun with before, has so many tokens, or all but as many as the model's context.</summary>
    private static async Task<string> TextAsync(LocalChatClient client, int atLeast)
    {
        const string Unlike = "000000 ";
        var text = "";
        while (true)
        {
            // Each is the one before and a little more, of which only the end is evaluated.
            var longer = text + "the old man and the sea ";
            try
            {
                if ((await client.GetResponseAsync(Unlike + longer, OneToken)).Usage!.InputTokenCount >= atLeast)
                {
                    return longer;
                }
            }
            catch (LocalModelException) when (text.Length > 0)
            {
                return text;
            }

            text = longer;
        }
    }

    private string Beginning() => string.Create(CultureInfo.InvariantCulture, $"{++_beginnings:D6} ");

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
