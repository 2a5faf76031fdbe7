namespace LlmThrift.Local.Tools;

/// <summary>A prompt in the making: markup, in which names of control tokens stand for these tokens, and text, in which they do not.</summary>
internal sealed class PromptText
{
    private readonly List<(string Text, bool IsMarkup)> _parts = [];

    /// <summary>The parts; no two of one kind follow each other.</summary>
    public IReadOnlyList<(string Text, bool IsMarkup)> Parts => _parts;

    public PromptText Markup(string text) => Add(text, isMarkup: true);

    public PromptText Text(string text) => Add(text, isMarkup: false);

    public override string ToString() => string.Concat(_parts.Select(part => part.Text));

    private PromptText Add(string text, bool isMarkup)
    {
        if (text.Length == 0)
        {
            return this;
        }

        if (_parts.Count > 0 && _parts[^1].IsMarkup == isMarkup)
        {
            _parts[^1] = (_parts[^1].Text + text, isMarkup);
        }
        else
        {
            _parts.Add((text, isMarkup));
        }

        return this;
    }
}
