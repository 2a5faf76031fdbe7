using LlmThrift.Embeddings.Model;

namespace LlmThrift.Embeddings.Pairs;

/// <summary>The sizes of the pair scorer's network, and the order of its weights, which <c>build/tools/PairTrainer</c> writes and <see cref="PairWeights"/> reads.</summary>
internal static class PairLayout
{
    /// <summary>The tokens of a question that are compared; more are left to the similarity of the vectors.</summary>
    public const int MaxTokens = 40;

    /// <summary>Values by which a token finds its like in the other question.</summary>
    public const int Key = 32;

    /// <summary>Values of a comparison of a token with its like.</summary>
    public const int Compared = 32;

    /// <summary>Units of the hidden layer.</summary>
    public const int Hidden = 128;

    /// <summary>Units of the layer after it.</summary>
    public const int Last = 32;

    /// <summary>Sum, difference, larger and smaller of what the two questions' comparisons come to, then the features.</summary>
    public const int Inputs = (4 * Compared) + PairFeatures.Count + AlignmentFeatures.Count;

    /// <summary>How much of the sums of comparisons is passed on: it keeps them as large as the other inputs.</summary>
    public const float SumShare = 0.2f;

    /// <summary>Features are cut off so many standard deviations from their mean.</summary>
    public const float FeatureBound = 4;

    public const uint Magic = 0x32534D50; // "PMS2"

    // 32-bit floats after the magic number.
    public const int FeatureMeans = 1;
    public const int FeatureFactors = FeatureMeans + PairFeatures.Count;
    public const int Sharpness = FeatureFactors + PairFeatures.Count;
    public const int CompareWeights = Sharpness + 1;
    public const int HiddenWeights = CompareWeights + (2 * Key * Compared);
    public const int HiddenBiases = HiddenWeights + (Inputs * Hidden);
    public const int LastWeights = HiddenBiases + Hidden;
    public const int LastBiases = LastWeights + (Hidden * Last);
    public const int OutputWeights = LastBiases + Last;
    public const int OutputBias = OutputWeights + Last;
    public const int CosineWeight = OutputBias + 1;
    public const int CalibrationFactor = CosineWeight + 1;
    public const int CalibrationShift = CalibrationFactor + 1;
    public const int Floats = CalibrationShift + 1;

    /// <summary>A token's row: two 32-bit scales, then its key and its own part of the comparison in 8 bits.</summary>
    public const int RowBytes = 8 + Key + Compared;

    public const int Bytes = (Floats * sizeof(float)) + (ModelLayout.VocabularySize * RowBytes);
}
