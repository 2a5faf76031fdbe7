namespace LlmThrift.Embeddings.Pairs;

/// <summary>A question as the pair scorer sees it: its tokens, those of them that are words, and its spelling. Kept by the thread and filled anew for each pair.</summary>
internal sealed class PairQuestion
{
    // With the marks of beginning and end, which are not compared.
    private readonly int[] _ids = new int[PairLayout.MaxTokens + 2];
    private readonly int[] _words = new int[PairLayout.MaxTokens];
    private int _tokens;
    private int _wordCount;

    public ReadOnlySpan<int> Tokens => _ids.AsSpan(1, _tokens);

    public ReadOnlySpan<int> Words => _words.AsSpan(0, _wordCount);

    public PairSpelling Spelling { get; } = new();

    public bool IsNegated { get; private set; }

    public void Read(PairVocabulary vocabulary, string text)
    {
        _tokens = vocabulary.Tokenizer.Encode(text, _ids, out _) - 2;
        Spelling.Read(text);
        _wordCount = 0;
        IsNegated = false;
        var previous = 0;
        foreach (var id in Tokens)
        {
            if (vocabulary.Is(id, TokenKinds.Word))
            {
                _words[_wordCount++] = id;
            }

            IsNegated |=
                vocabulary.Is(id, TokenKinds.Negation)
                || (vocabulary.Is(id, TokenKinds.LetterT) && vocabulary.Is(previous, TokenKinds.Apostrophe));
            previous = id;
        }
    }
}
