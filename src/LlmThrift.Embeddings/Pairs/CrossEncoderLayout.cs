using LlmThrift.Embeddings.Model;

namespace LlmThrift.Embeddings.Pairs;

/// <summary>The sizes of the cross-encoder's own weights, and their order, which <c>build/tools/PairTrainer</c> writes and <see cref="CrossEncoder"/> reads.</summary>
internal static class CrossEncoderLayout
{
    public const uint Magic = 0x31454350; // "PCE1"

    /// <summary>The rank of what is added to each linear map of the encoder.</summary>
    public const int Rank = 16;

    /// <summary>Units of the hidden layer.</summary>
    public const int Hidden = 64;

    /// <summary>The vector of the first token, the difference of the two questions' mean vectors without its sign, and their product.</summary>
    public const int Inputs = 3 * ModelLayout.Dimensions;

    /// <summary>
    /// What is added to a token's embedding: a row each for a mark, a token that the other question lacks and one that it has, in the first question,
    /// then the same in the second.
    /// </summary>
    public const int TokenKinds = 6;

    // After the magic number, 16-bit floats: for each layer and each of its four maps in their order, rank × inputs, then outputs × rank.
    private const int AdditionsOfLayer =
        Rank
        * (
            (ModelLayout.Dimensions + (3 * ModelLayout.Dimensions))
            + (2 * ModelLayout.Dimensions)
            + (2 * (ModelLayout.Dimensions + ModelLayout.Intermediate))
        );

    // Places of 16-bit floats.
    public const int TokenKindRows = ModelLayout.Layers * AdditionsOfLayer;
    public const int HiddenWeights = TokenKindRows + (TokenKinds * ModelLayout.Dimensions);
    public const int Halves = HiddenWeights + (Inputs * Hidden);

    // Places of the 32-bit floats behind them.
    public const int HiddenBiases = 0;
    public const int OutputWeights = Hidden;

    /// <summary>The factor of the network's log-odds in the result; what the cross-encoder gives has its factor in the weights of the output.</summary>
    public const int NetworkFactor = 2 * Hidden;
    public const int OutputBias = NetworkFactor + 1;
    public const int Floats = OutputBias + 1;

    public const int Bytes = sizeof(uint) + (Halves * 2) + (Floats * sizeof(float));
}
