using LlmThrift.Embeddings.Kernels;
using LlmThrift.Embeddings.Tokenization;

namespace LlmThrift.Embeddings.Model;

/// <summary>all-MiniLM-L6-v2: six layers of a BERT encoder of 384 dimensions, the mean of the tokens' vectors, scaled to length one. Thread-safe.</summary>
/// <remarks>
/// Several texts are processed as one sequence of rows: every step but attention treats tokens alike, so there is no padding, and each panel of weights is
/// read once for all of them. Inputs of linear maps are rounded to up to 15 bits and a sign with a scale for each token, products are added up in 32-bit integers.
/// </remarks>
internal sealed unsafe class MiniLmModel
{
    private const int Dimensions = ModelLayout.Dimensions;
    private const float NormEpsilon = 1e-12f;

    private static readonly Lazy<MiniLmModel> LazyShared = new(() => new MiniLmModel(LinearKernel.Best));

    private readonly EncoderLayer[] _layers = new EncoderLayer[ModelLayout.Layers];
    private readonly byte* _wordRows;
    private readonly float* _wordScales;
    private readonly Half* _positions;
    private readonly float* _embeddingNorm;
    private readonly LinearKernel _kernel;

    public MiniLmModel(LinearKernel kernel)
    {
        _kernel = kernel;
        var file = ModelFile.Open();
        Tokenizer = new WordPieceTokenizer(file);
        _wordRows = file.Part<byte>(ModelLayout.WordEmbeddings, ModelLayout.WordRows * ModelLayout.WordRowBytes);
        _wordScales = file.Part<float>(ModelLayout.WordScales, ModelLayout.WordRows);
        _positions = file.Part<Half>(ModelLayout.PositionEmbeddings, ModelLayout.MaxTokens * Dimensions);
        _embeddingNorm = file.Part<float>(ModelLayout.EmbeddingNorm, 2 * Dimensions);
        for (var layer = 0; layer < _layers.Length; layer++)
        {
            _layers[layer] = new EncoderLayer(file, layer);
        }
    }

    /// <summary>The model of this process, made at first use.</summary>
    public static MiniLmModel Shared => LazyShared.Value;

    public WordPieceTokenizer Tokenizer { get; }

    public ReadOnlySpan<EncoderLayer> Layers => _layers;

    /// <summary>Writes a token's row of the word-embedding table, before positions and normalisation.</summary>
    /// <param name="id">A token that a text can have.</param>
    /// <param name="destination">384 values.</param>
    /// <exception cref="ArgumentOutOfRangeException">No text has the token.</exception>
    public void ReadWordEmbedding(int id, Span<float> destination)
    {
        var row =
            id is >= ModelLayout.UnknownId and <= ModelLayout.SeparatorId ? id - ModelLayout.UnknownId
            : id is >= ModelLayout.FirstWordId and < ModelLayout.VocabularySize ? id - ModelLayout.FirstWordId + 3
            : throw new ArgumentOutOfRangeException(nameof(id), id, "No text has this token.");
        var packed = _wordRows + (row * ModelLayout.WordRowBytes);
        var scale = _wordScales[row];
        for (var i = 0; i < Dimensions; i += 4, packed += 3)
        {
            var bits = packed[0] | (packed[1] << 8) | (packed[2] << 16);
            destination[i] = scale * ((bits & 63) - 32);
            destination[i + 1] = scale * (((bits >> 6) & 63) - 32);
            destination[i + 2] = scale * (((bits >> 12) & 63) - 32);
            destination[i + 3] = scale * ((bits >> 18) - 32);
        }
    }

    /// <summary>Computes the sentence vectors of some texts.</summary>
    /// <param name="scratch">Room to work in.</param>
    /// <param name="ids">The texts' tokens, one text after the other, at most <see cref="ModelLayout.MaxTokens"/> in all.</param>
    /// <param name="lengths">The number of tokens of each text, at least 1.</param>
    /// <param name="destination">Takes 384 values for each text, of length one.</param>
    /// <param name="cancellationToken">Observed before each layer.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public void Encode(
        MiniLmScratch scratch,
        ReadOnlySpan<int> ids,
        ReadOnlySpan<int> lengths,
        Span<float> destination,
        CancellationToken cancellationToken = default
    )
    {
        var tokens = ids.Length;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tokens, ModelLayout.MaxTokens, nameof(ids));
        Embed(scratch, ids, lengths);
        Transform(scratch, lengths, _layers, cancellationToken);
        var row = scratch.Hidden;
        for (var text = 0; text < lengths.Length; text++)
        {
            VectorMath.MeanOfLengthOne(row, lengths[text], destination.Slice(text * Dimensions, Dimensions));
            row += lengths[text] * Dimensions;
        }

        GC.KeepAlive(scratch);
    }

    /// <summary>Runs layers over the tokens' embeddings, in place.</summary>
    /// <param name="scratch">Holds the embeddings, and then what the last layer makes of them.</param>
    /// <param name="lengths">The number of tokens of each text.</param>
    /// <param name="layers">The layers.</param>
    /// <param name="cancellationToken">Observed before each layer.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public void Transform(
        MiniLmScratch scratch,
        ReadOnlySpan<int> lengths,
        ReadOnlySpan<EncoderLayer> layers,
        CancellationToken cancellationToken
    )
    {
        var tokens = 0;
        foreach (var length in lengths)
        {
            tokens += length;
        }

        foreach (ref readonly var layer in layers)
        {
            cancellationToken.ThrowIfCancellationRequested();
            VectorMath.Quantise(scratch.Hidden, tokens, Dimensions, scratch.Quantised, scratch.RowScales);
            _kernel.Multiply(layer.AttentionInput, scratch.Quantised, scratch.RowScales, tokens, scratch.Wide);
            Attend(scratch, lengths);
            VectorMath.Quantise(scratch.Context, tokens, Dimensions, scratch.Quantised, scratch.RowScales);
            _kernel.Multiply(layer.AttentionOutput, scratch.Quantised, scratch.RowScales, tokens, scratch.Context);
            VectorMath.AddAndNormalise(scratch.Hidden, scratch.Context, tokens, layer.AttentionNorm, NormEpsilon);

            VectorMath.Quantise(scratch.Hidden, tokens, Dimensions, scratch.Quantised, scratch.RowScales);
            _kernel.Multiply(layer.Up, scratch.Quantised, scratch.RowScales, tokens, scratch.Wide);
            VectorMath.Gelu(scratch.Wide, tokens * ModelLayout.Intermediate);
            VectorMath.Quantise(scratch.Wide, tokens, ModelLayout.Intermediate, scratch.Quantised, scratch.RowScales);
            _kernel.Multiply(layer.Down, scratch.Quantised, scratch.RowScales, tokens, scratch.Context);
            VectorMath.AddAndNormalise(scratch.Hidden, scratch.Context, tokens, layer.FeedForwardNorm, NormEpsilon);
        }
    }

    /// <summary>Writes a token's embedding at a position, before normalisation.</summary>
    /// <param name="id">A token that a text can have.</param>
    /// <param name="position">Its position, from 0.</param>
    /// <param name="destination">384 values.</param>
    public void ReadEmbedding(int id, int position, Span<float> destination)
    {
        ReadWordEmbedding(id, destination);
        fixed (float* row = destination)
        {
            VectorMath.Add(row, _positions + (position * Dimensions), Dimensions);
        }
    }

    /// <summary>Normalises the embeddings of so many tokens, in place.</summary>
    public void NormaliseEmbeddings(MiniLmScratch scratch, int tokens) =>
        VectorMath.Normalise(scratch.Hidden, tokens, _embeddingNorm, NormEpsilon);

    private void Embed(MiniLmScratch scratch, ReadOnlySpan<int> ids, ReadOnlySpan<int> lengths)
    {
        var row = scratch.Hidden;
        var place = 0;
        foreach (var length in lengths)
        {
            for (var position = 0; position < length; position++, row += Dimensions)
            {
                ReadEmbedding(ids[place++], position, new Span<float>(row, Dimensions));
            }
        }

        NormaliseEmbeddings(scratch, place);
    }

    private static void Attend(MiniLmScratch scratch, ReadOnlySpan<int> lengths)
    {
        const int Stride = 3 * Dimensions;
        var input = scratch.Wide;
        var output = scratch.Context;
        foreach (var length in lengths)
        {
            for (var head = 0; head < Dimensions; head += ModelLayout.HeadDimensions)
            {
                Attention.Attend(input + head, Stride, length, scratch.Keys, scratch.Scores, output + head);
            }

            input += length * Stride;
            output += length * Dimensions;
        }
    }
}
