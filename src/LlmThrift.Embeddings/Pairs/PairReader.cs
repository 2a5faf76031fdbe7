using System.Runtime.InteropServices;
using LlmThrift.Embeddings.Model;

namespace LlmThrift.Embeddings.Pairs;

/// <summary>Reads two questions, one behind the other, with the encoder of the embeddings and weights of its own on top. Thread-safe.</summary>
/// <remarks>
/// To each linear map a matrix of low rank is added (Hu et al., <i>LoRA</i>, 2021), and to each token whether the other question has it.
/// </remarks>
internal sealed unsafe class PairReader
{
    private const int Dimensions = ModelLayout.Dimensions;
    private const int Vectors = 3 * Dimensions;

    private readonly MiniLmModel _model;
    private readonly ScratchPool _scratches = new(Environment.ProcessorCount);
    private readonly AdaptedLayers _layers;
    private readonly float[] _tokenKinds;
    private readonly float[] _hiddenWeights;
    private readonly float[] _floats;

    /// <param name="model">The encoder.</param>
    /// <param name="part">As described by <see cref="CrossEncoderLayout"/>, of <see cref="CrossEncoderLayout.ReaderBytes"/>.</param>
    public PairReader(MiniLmModel model, ReadOnlySpan<byte> part)
    {
        _model = model;
        _floats = MemoryMarshal.Cast<byte, float>(part)[..CrossEncoderLayout.Floats].ToArray();
        part = part[(CrossEncoderLayout.Floats * sizeof(float))..];
        var halves = MemoryMarshal.Cast<byte, Half>(part)[..CrossEncoderLayout.Halves];
        _tokenKinds = Widen(halves[CrossEncoderLayout.TokenKindRows..CrossEncoderLayout.HiddenWeights]);
        _hiddenWeights = Widen(halves[CrossEncoderLayout.HiddenWeights..]);
        var codes = MemoryMarshal.Cast<byte, sbyte>(part[(CrossEncoderLayout.Halves * 2)..]);
        _layers = new AdaptedLayers(model.Layers, codes, _floats.AsSpan(0, CrossEncoderLayout.HiddenBiases), CrossEncoderLayout.Rank);
    }

    /// <summary>Its part of the log-odds that two questions have the same answer.</summary>
    /// <param name="first">The tokens of the question that is read first.</param>
    /// <param name="second">The tokens of the other.</param>
    /// <param name="features">The features of the pair, scaled.</param>
    public float LogOdds(ReadOnlySpan<int> first, ReadOnlySpan<int> second, ReadOnlySpan<float> features)
    {
        var scratch = _scratches.Rent();
        var tokens = 0;
        Add(scratch, ModelLayout.ClassifierId, kind: 0, ref tokens);
        Add(scratch, first, second, firstKind: 0, ref tokens);
        Add(scratch, second, first, firstKind: 3, ref tokens);
        _model.NormaliseEmbeddings(scratch, tokens);
        _model.Transform(scratch, [tokens], _layers.Span, CancellationToken.None);
        var logOdds = Output(scratch.Hidden, first.Length, second.Length, features);
        _scratches.Return(scratch);
        GC.KeepAlive(_layers);
        return logOdds;
    }

    /// <summary>What the vectors of the tokens of two questions and the features come to.</summary>
    /// <param name="rows">Those of a mark, the first question, a mark, the second and a mark.</param>
    /// <param name="first">How many tokens the first has.</param>
    /// <param name="second">How many the second has.</param>
    /// <param name="features">The features.</param>
    private float Output(float* rows, int first, int second, ReadOnlySpan<float> features)
    {
        Span<float> inputs = stackalloc float[CrossEncoderLayout.Inputs];
        Span<float> firstMean = stackalloc float[Dimensions];
        Span<float> secondMean = stackalloc float[Dimensions];
        new ReadOnlySpan<float>(rows, Dimensions).CopyTo(inputs);
        Mean(rows + Dimensions, first, firstMean);
        Mean(rows + ((first + 2) * Dimensions), second, secondMean);
        for (var i = 0; i < Dimensions; i++)
        {
            inputs[Dimensions + i] = MathF.Abs(firstMean[i] - secondMean[i]);
            inputs[(2 * Dimensions) + i] = firstMean[i] * secondMean[i];
        }

        features.CopyTo(inputs[Vectors..]);
        Span<float> hidden = stackalloc float[CrossEncoderLayout.Hidden];
        _floats.AsSpan(CrossEncoderLayout.HiddenBiases, CrossEncoderLayout.Hidden).CopyTo(hidden);
        PairMath.AddProduct(inputs, _hiddenWeights, hidden);
        PairMath.Activate(hidden);
        return PairMath.Dot(hidden, _floats.AsSpan(CrossEncoderLayout.OutputWeights, CrossEncoderLayout.Hidden));
    }

    /// <summary>Adds the embeddings of a question's tokens, and of the mark behind it.</summary>
    private void Add(MiniLmScratch scratch, ReadOnlySpan<int> question, ReadOnlySpan<int> other, int firstKind, ref int tokens)
    {
        foreach (var id in question)
        {
            Add(scratch, id, firstKind + (other.Contains(id) ? 2 : 1), ref tokens);
        }

        Add(scratch, ModelLayout.SeparatorId, firstKind, ref tokens);
    }

    private void Add(MiniLmScratch scratch, int id, int kind, ref int tokens)
    {
        var row = new Span<float>(scratch.Hidden + (tokens * Dimensions), Dimensions);
        _model.ReadEmbedding(id, tokens++, row);
        PairMath.AddScaled(_tokenKinds.AsSpan(kind * Dimensions, Dimensions), 1, row);
    }

    private static void Mean(float* rows, int count, Span<float> mean)
    {
        mean.Clear();
        for (var row = 0; row < count; row++)
        {
            PairMath.AddScaled(new ReadOnlySpan<float>(rows + (row * Dimensions), Dimensions), 1f / count, mean);
        }
    }

    private static float[] Widen(ReadOnlySpan<Half> halves)
    {
        var floats = new float[halves.Length];
        for (var i = 0; i < floats.Length; i++)
        {
            floats[i] = (float)halves[i];
        }

        return floats;
    }
}
