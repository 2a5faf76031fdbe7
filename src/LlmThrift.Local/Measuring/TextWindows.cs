using LlmThrift.Local.Generation;
using LlmThrift.Local.Models;

namespace LlmThrift.Local.Measuring;

/// <summary>A text cut into windows of equal length, each of which begins as a text does: as llama.cpp's own tools cut it.</summary>
internal sealed class TextWindows
{
    private readonly int[] _tokens;
    private readonly int? _begin;

    /// <exception cref="ArgumentException">The text is shorter than two windows.</exception>
    public TextWindows(LoadedModel model, string text, int contextLength, int most)
    {
        Length = Math.Min(contextLength, Math.Max(16, model.TrainedContextLength));
        _tokens = model.Tokenize(text, addSpecial: true, parseSpecial: false);
        _begin = model.BeginToken;
        if (_tokens.Length < 2 * Length)
        {
            throw new ArgumentException(
                $"The text has {_tokens.Length} tokens: at least two windows of {Length} are needed. Give a longer text, or lower ContextLength.",
                nameof(text)
            );
        }

        Count = Math.Min(_tokens.Length / Length, most);
    }

    /// <summary>Tokens of a window.</summary>
    public int Length { get; }

    public int Count { get; }

    public ReadOnlySpan<int> this[int window] => _tokens.AsSpan(window * Length, Length);

    /// <summary>Evaluates a window by itself.</summary>
    /// <param name="context">Where; what it knew is forgotten.</param>
    /// <param name="window">Which.</param>
    /// <param name="firstOutput">The first token that has an output, as all after it.</param>
    /// <exception cref="LocalModelException">llama.cpp could not.</exception>
    public void Evaluate(InferenceContext context, int window, int firstOutput)
    {
        var tokens = this[window];
        context.Forget(0, 0);
        context.Begin();
        for (var i = 0; i < tokens.Length; i++)
        {
            context.Add(i == 0 && _begin is { } begin ? begin : tokens[i], i, sequence: 0, hasOutput: i >= firstOutput);
        }

        if (context.Evaluate() is not 0 and var result)
        {
            throw new LocalModelException($"llama.cpp could not evaluate a window of the text (code {result}); its log says why.");
        }
    }
}
