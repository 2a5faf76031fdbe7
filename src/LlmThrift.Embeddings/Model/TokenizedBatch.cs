namespace LlmThrift.Embeddings.Model;

/// <summary>The tokens of many texts, one behind the other, cut into chunks that are encoded at once.</summary>
internal sealed class TokenizedBatch
{
    /// <summary>Enough rows to make good use of every panel of weights that is read.</summary>
    private const int SmallestChunk = 96;

    private readonly List<int> _lengths = [];
    private int[] _ids = new int[ModelLayout.MaxTokens];

    public int Texts => _lengths.Count;

    public int Tokens { get; private set; }

    /// <summary>The texts that were longer than what is encoded, by their places.</summary>
    public List<int> Truncated { get; } = [];

    public void Add(MiniLmModel model, ReadOnlySpan<char> text)
    {
        if (_ids.Length - Tokens < ModelLayout.MaxTokens)
        {
            Array.Resize(ref _ids, 2 * _ids.Length);
        }

        var length = model.Tokenizer.Encode(text, _ids.AsSpan(Tokens, ModelLayout.MaxTokens), out var truncated);
        if (truncated)
        {
            Truncated.Add(_lengths.Count);
        }

        _lengths.Add(length);
        Tokens += length;
    }

    public ReadOnlySpan<int> LengthsOf(Chunk chunk) =>
        System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_lengths).Slice(chunk.FirstText, chunk.Texts);

    public ReadOnlySpan<int> IdsOf(Chunk chunk) => _ids.AsSpan(chunk.FirstToken, chunk.Tokens);

    /// <summary>Cuts the batch into chunks of whole texts, of at most <see cref="ModelLayout.MaxTokens"/> tokens, with some for each of the workers.</summary>
    public List<Chunk> Cut(int workers)
    {
        var most =
            Tokens <= ModelLayout.MaxTokens && workers == 1
                ? ModelLayout.MaxTokens
                : Math.Clamp((Tokens + workers - 1) / workers, SmallestChunk, ModelLayout.MaxTokens);
        var chunks = new List<Chunk>();
        var current = default(Chunk);
        for (var text = 0; text < _lengths.Count; text++)
        {
            if (current.Texts > 0 && current.Tokens + _lengths[text] > most)
            {
                chunks.Add(current);
                current = new Chunk(text, 0, current.FirstToken + current.Tokens, 0);
            }

            current = current with { Texts = current.Texts + 1, Tokens = current.Tokens + _lengths[text] };
        }

        if (current.Texts > 0)
        {
            chunks.Add(current);
        }

        return chunks;
    }

    /// <summary>Some texts that follow each other.</summary>
    public readonly record struct Chunk(int FirstText, int Texts, int FirstToken, int Tokens);
}
