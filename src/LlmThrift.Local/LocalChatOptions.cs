using Microsoft.Extensions.AI;

namespace LlmThrift.Local;

/// <summary>Which model a <see cref="LocalChatClient"/> runs, and how.</summary>
public sealed class LocalChatOptions
{
    /// <summary>The model's file, in the format GGUF. Required.</summary>
    public string ModelPath { get; set; } = "";

    /// <summary>What the model is called in responses, records and the price book. Default: the file's name without its extension.</summary>
    public string? ModelId { get; set; }

    /// <summary>
    /// The folder of llama.cpp's libraries, and nowhere else. Default: null, which looks at the environment variable <c>LLMTHRIFT_LLAMA_PATH</c>, then in
    /// <c>runtimes/&lt;rid&gt;/native</c> beside the app, where the packages LlmThrift.Local.Native.* put them, then in the system's folders.
    /// </summary>
    public string? NativeLibraryPath { get; set; }

    /// <summary>
    /// The most tokens of one conversation, prompt and answer together. Default: 0, what the model was trained for, at most 4,096. Memory grows with this
    /// times <see cref="MaxConcurrency"/>.
    /// </summary>
    public int ContextLength { get; set; }

    /// <summary>How many answers are made at once, from 1 to 256. Default: 4. More answers wait.</summary>
    public int MaxConcurrency { get; set; } = 4;

    /// <summary>How many answers may wait; one more is refused with a <see cref="LocalModelBusyException"/>. Default: 256.</summary>
    public int QueueLimit { get; set; } = 256;

    /// <summary>The most tokens that are evaluated in one step, from 1 to 8,192, not fewer than <see cref="MaxConcurrency"/>. Default: 512.</summary>
    public int BatchSize { get; set; } = 512;

    /// <summary>Threads that compute. Default: 0, half of the logical processors, at least 1.</summary>
    public int Threads { get; set; }

    /// <summary>Layers that are computed by a GPU where the libraries have support for one; -1 for all. Default: -1.</summary>
    public int GpuLayers { get; set; } = -1;

    /// <summary>The length of an answer where <see cref="ChatOptions.MaxOutputTokens"/> says nothing, in tokens. Default: 1,024.</summary>
    public int DefaultMaxOutputTokens { get; set; } = 1024;

    /// <summary>The temperature where <see cref="ChatOptions.Temperature"/> says nothing. Default: 0.8; 0 always takes the likeliest token.</summary>
    public float DefaultTemperature { get; set; } = 0.8f;

    /// <summary>
    /// The least time from one update of a stream to the next, at most a minute. Default: 16 milliseconds, about a frame of a screen: what a faster model writes meanwhile
    /// comes as one update, which takes far less memory and fewer events of a web response. The first text and the end do not wait. Zero for an update a token where the
    /// reader keeps up.
    /// </summary>
    public TimeSpan StreamInterval { get; set; } = TimeSpan.FromMilliseconds(16);

    /// <summary>
    /// The name of one of llama.cpp's chat templates (such as <c>chatml</c> or <c>llama3</c>) or a template in Jinja that it knows. Default: null, the one in
    /// the model's file; where there is none the texts of the messages follow one another, as is right for models that only continue a text.
    /// </summary>
    public string? ChatTemplate { get; set; }

    /// <summary>
    /// Makes the prompt in place of a template. Default: null. Names of control tokens in what it returns stand for these tokens, wherever they come from: a
    /// function that passes on text of users must take them out.
    /// </summary>
    public Func<IReadOnlyList<ChatMessage>, string>? FormatPrompt { get; set; }

    /// <summary>
    /// How the model is told of tools. Default: null, by the chat template in the model's file, or by <see cref="ChatTemplate"/> where that is Jinja. Name it for a
    /// model that was trained on a format which its template does not show. Prompts with tools are written in this format, in place of
    /// <see cref="ChatTemplate"/> and <see cref="FormatPrompt"/>.
    /// </summary>
    public LocalToolFormat? ToolFormat { get; set; }

    /// <summary>Checks the values.</summary>
    /// <param name="parameterName">What the caller knows the options as.</param>
    /// <exception cref="ArgumentException">Names every bad value.</exception>
    internal void Validate(string parameterName)
    {
        var problems = new List<string>();
        Check(!string.IsNullOrWhiteSpace(ModelPath), "ModelPath is empty: give the path of a GGUF file.");
        Check(ContextLength >= 0, $"ContextLength is {ContextLength}: 0 for the model's own, or a number of tokens.");
        Check(MaxConcurrency is >= 1 and <= 256, $"MaxConcurrency is {MaxConcurrency}: from 1 to 256.");
        Check(QueueLimit >= 1, $"QueueLimit is {QueueLimit}: at least 1.");
        Check(
            BatchSize is >= 1 and <= 8192 && BatchSize >= MaxConcurrency,
            $"BatchSize is {BatchSize}: from 1 to 8,192, and not below MaxConcurrency, which is {MaxConcurrency}."
        );
        Check(Threads >= 0, $"Threads is {Threads}: 0 for half of the processors, or a number of threads.");
        Check(GpuLayers >= -1, $"GpuLayers is {GpuLayers}: -1 for all, or a number of layers.");
        Check(DefaultMaxOutputTokens >= 1, $"DefaultMaxOutputTokens is {DefaultMaxOutputTokens}: at least 1.");
        Check(DefaultTemperature is >= 0 and <= 2, $"DefaultTemperature is {DefaultTemperature}: from 0 to 2.");
        Check(
            StreamInterval >= TimeSpan.Zero && StreamInterval <= TimeSpan.FromMinutes(1),
            $"StreamInterval is {StreamInterval}: from zero to a minute."
        );
        Check(
            ToolFormat is null || Enum.IsDefined(ToolFormat.Value),
            $"ToolFormat is {ToolFormat}: one of {string.Join(", ", Enum.GetNames<LocalToolFormat>())}, or null."
        );
        if (problems.Count > 0)
        {
            throw new ArgumentException("The options of the local model are not valid. " + string.Join(" ", problems), parameterName);
        }

        void Check(bool isGood, string problem)
        {
            if (!isGood)
            {
                problems.Add(problem);
            }
        }
    }
}
