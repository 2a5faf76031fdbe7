using LlmThrift.Embeddings.Pairs;

namespace LlmThrift.Evaluation.Pairs;

/// <summary>Where the parameters that are fitted lie in one array; matrices have a row of outputs for each input.</summary>
internal static class FitParameters
{
    private const int Base = TokenTable.Components;

    public const int KeyMap = 0;
    public const int OwnMap = KeyMap + (Base * PairLayout.Key);
    public const int OwnBiases = OwnMap + (Base * PairLayout.Compared);
    public const int CompareWeights = OwnBiases + PairLayout.Compared;
    public const int HiddenWeights = CompareWeights + (2 * PairLayout.Key * PairLayout.Compared);
    public const int HiddenBiases = HiddenWeights + (PairLayout.Inputs * PairLayout.Hidden);
    public const int OutputWeights = HiddenBiases + PairLayout.Hidden;
    public const int OutputBias = OutputWeights + PairLayout.Hidden;
    public const int LogSharpness = OutputBias + 1;
    public const int Count = LogSharpness + 1;

    public static float[] Initial(int seed)
    {
        var random = new Random(seed);
        var values = new float[Count];
        for (var i = 0; i < Math.Min(Base, PairLayout.Key); i++)
        {
            values[KeyMap + (i * PairLayout.Key) + i] = 1;
        }

        Fill(OwnMap, Base * PairLayout.Compared, Base);
        Fill(CompareWeights, 2 * PairLayout.Key * PairLayout.Compared, 2 * PairLayout.Key);
        Fill(HiddenWeights, PairLayout.Inputs * PairLayout.Hidden, PairLayout.Inputs);
        Fill(OutputWeights, PairLayout.Hidden, PairLayout.Hidden);
        values[LogSharpness] = 2;
        return values;

        void Fill(int place, int count, int inputs)
        {
            var bound = 1 / MathF.Sqrt(inputs);
            foreach (ref var value in values.AsSpan(place, count))
            {
                value = bound * ((2 * random.NextSingle()) - 1);
            }
        }
    }
}
