using System.Runtime.InteropServices;
using LlmThrift.Embeddings.Model;

namespace LlmThrift.Embeddings.Pairs;

/// <summary>Reads two questions as one text, so that each token sees those of the other question, and says whether they have the same answer. Thread-safe.</summary>
/// <remarks>
/// Reimers and Gurevych, <i>Sentence-BERT</i>, EMNLP 2019, have why reading both together tells more than two vectors. Two readers that were fitted apart
/// read each pair, and what they say is averaged: where one errs, the other often does not.
/// </remarks>
internal sealed class CrossEncoder
{
    private const string Resource = "LlmThrift.Embeddings.cross-encoder";

    private static readonly Lazy<CrossEncoder> LazyShared = new(Load);

    private readonly PairReader[] _readers = new PairReader[CrossEncoderLayout.Readers];
    private readonly float[] _mixture;

    /// <param name="model">The encoder.</param>
    /// <param name="file">As described by <see cref="CrossEncoderLayout"/>.</param>
    /// <exception cref="InvalidDataException">It is not in that format.</exception>
    public CrossEncoder(MiniLmModel model, ReadOnlySpan<byte> file)
    {
        if (file.Length != CrossEncoderLayout.Bytes || MemoryMarshal.Read<uint>(file) != CrossEncoderLayout.Magic)
        {
            throw new InvalidDataException("The weights of the cross-encoder are not in the format that this assembly reads.");
        }

        file = file[sizeof(uint)..];
        _mixture = MemoryMarshal.Cast<byte, float>(file)[..CrossEncoderLayout.MixtureFloats].ToArray();
        file = file[(CrossEncoderLayout.MixtureFloats * sizeof(float))..];
        for (var i = 0; i < _readers.Length; i++)
        {
            _readers[i] = new PairReader(model, file.Slice(i * CrossEncoderLayout.ReaderBytes, CrossEncoderLayout.ReaderBytes));
        }
    }

    /// <summary>With the weights that the assembly carries.</summary>
    public static CrossEncoder Shared => LazyShared.Value;

    /// <summary>The calibrated log-odds that two questions have the same answer.</summary>
    /// <param name="left">The tokens of a question, at most <see cref="PairLayout.MaxTokens"/>.</param>
    /// <param name="right">The tokens of the other.</param>
    /// <param name="features">The features of the pair, scaled as <see cref="PairNetwork"/> has them.</param>
    /// <param name="cosine">The similarity of the questions' vectors, which counts as well.</param>
    /// <param name="networkLogOdds">The log-odds by <see cref="PairNetwork"/>, which count as well.</param>
    public float LogOdds(
        ReadOnlySpan<int> left,
        ReadOnlySpan<int> right,
        ReadOnlySpan<float> features,
        float cosine,
        float networkLogOdds
    ) =>
        _readers[0].LogOdds(left, right, features)
        + _readers[1].LogOdds(right, left, features)
        + (_mixture[CrossEncoderLayout.NetworkFactor] * networkLogOdds)
        + (_mixture[CrossEncoderLayout.CosineFactor] * cosine)
        + _mixture[CrossEncoderLayout.Shift];

    private static CrossEncoder Load()
    {
        using var stream = (UnmanagedMemoryStream)typeof(CrossEncoder).Assembly.GetManifestResourceStream(Resource)!;
        unsafe
        {
            return new CrossEncoder(MiniLmModel.Shared, new ReadOnlySpan<byte>(stream.PositionPointer, (int)stream.Length));
        }
    }
}
