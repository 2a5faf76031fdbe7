using LlmThrift.Embeddings.Model;

namespace LlmThrift.Embeddings.Pairs;

/// <summary>The sizes of the cross-encoder's own weights, and their order, which <c>build/tools/PairTrainer</c> writes and <see cref="CrossEncoder"/> reads.</summary>
/// <remarks>A file has the magic number, the 32-bit floats of the mixture, and a part for each reader: its 32-bit floats, its 16-bit floats and its 8-bit codes.</remarks>
internal static class CrossEncoderLayout
{
    public const uint Magic = 0x32454350; // "PCE2"

    /// <summary>Readers of each pair: the first reads the questions in their order, the second in the other.</summary>
    public const int Readers = 2;

    /// <summary>The rank of what is added to each linear map of the encoder.</summary>
    public const int Rank = 16;

    /// <summary>Units of the hidden layer.</summary>
    public const int Hidden = 64;

    /// <summary>
    /// The vector of the first token, the difference of the two questions' mean vectors without its sign, and their product; then the features of the pair.
    /// </summary>
    public const int Inputs = (3 * ModelLayout.Dimensions) + PairFeatures.Count;

    /// <summary>
    /// What is added to a token's embedding: a row each for a mark, a token that the other question lacks and one that it has, in the first question,
    /// then the same in the second.
    /// </summary>
    public const int TokenKinds = 6;

    // Places of the floats of the mixture. What the readers give has its factor in the weights of their outputs.

    /// <summary>The factor of the network's log-odds in the result.</summary>
    public const int NetworkFactor = 0;

    /// <summary>The factor of the cosine similarity.</summary>
    public const int CosineFactor = 1;
    public const int Shift = 2;
    public const int MixtureFloats = 3;

    // Places of a reader's 32-bit floats: what a step of the codes stands for in each of their rows, then the head.
    public const int Scales = 0;
    public const int HiddenBiases = ModelLayout.Layers * MapsOfLayer * 2 * Rank;
    public const int OutputWeights = HiddenBiases + Hidden;
    public const int Floats = OutputWeights + Hidden;

    // Places of its 16-bit floats.
    public const int TokenKindRows = 0;
    public const int HiddenWeights = TokenKinds * ModelLayout.Dimensions;
    public const int Halves = HiddenWeights + (Inputs * Hidden);

    /// <summary>Its codes: for each layer and each of its four maps in their order, rank × inputs, then rank × outputs.</summary>
    public const int Codes =
        ModelLayout.Layers
        * Rank
        * (
            (ModelLayout.Dimensions + (3 * ModelLayout.Dimensions))
            + (2 * ModelLayout.Dimensions)
            + (2 * (ModelLayout.Dimensions + ModelLayout.Intermediate))
        );

    public const int ReaderBytes = (Floats * sizeof(float)) + (Halves * 2) + Codes;
    public const int Bytes = sizeof(uint) + (MixtureFloats * sizeof(float)) + (Readers * ReaderBytes);

    private const int MapsOfLayer = 4;
}
