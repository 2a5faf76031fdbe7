using System.Runtime.InteropServices;
using LlmThrift.Embeddings.Model;

namespace LlmThrift.Embeddings.Pairs;

/// <summary>Reads two questions as one text, so that each token sees those of the other question, and says whether they have the same answer. Thread-safe.</summary>
/// <remarks>
/// The encoder of the embeddings with weights of its own on top: to each linear map a matrix of low rank is added (Hu et al., <i>LoRA</i>, 2021), and to each
/// token whether the other question has it. Reimers and Gurevych, <i>Sentence-BERT</i>, EMNLP 2019, have why reading both together tells more than two vectors.
/// </remarks>
internal sealed unsafe class CrossEncoder
{
    private const string Resource = "LlmThrift.Embeddings.cross-encoder";
    private const int Dimensions = ModelLayout.Dimensions;

    private static readonly Lazy<CrossEncoder> LazyShared = new(Load);

    private readonly MiniLmModel _model;
    private readonly ScratchPool _scratches = new(Environment.ProcessorCount);
    private readonly AdaptedLayers _layers;
    private readonly float[] _tokenKinds;
    private readonly float[] _hiddenWeights;
    private readonly float[] _floats;

    /// <param name="model">The encoder.</param>
    /// <param name="file">As described by <see cref="CrossEncoderLayout"/>.</param>
    /// <exception cref="InvalidDataException">It is not in that format.</exception>
    public CrossEncoder(MiniLmModel model, ReadOnlySpan<byte> file)
    {
        if (file.Length != CrossEncoderLayout.Bytes || MemoryMarshal.Read<uint>(file) != CrossEncoderLayout.Magic)
        {
            throw new InvalidDataException("The weights of the cross-encoder are not in the format that this assembly reads.");
        }

        _model = model;
        var halves = MemoryMarshal.Cast<byte, Half>(file[sizeof(uint)..])[..CrossEncoderLayout.Halves];
        _layers = new AdaptedLayers(model.Layers, Widen(halves[..CrossEncoderLayout.TokenKindRows]), CrossEncoderLayout.Rank);
        _tokenKinds = Widen(halves[CrossEncoderLayout.TokenKindRows..CrossEncoderLayout.HiddenWeights]);
        _hiddenWeights = Widen(halves[CrossEncoderLayout.HiddenWeights..]);
        _floats = MemoryMarshal.Cast<byte, float>(file[^(CrossEncoderLayout.Floats * sizeof(float))..]).ToArray();
    }

    /// <summary>With the weights that the assembly carries.</summary>
    public static CrossEncoder Shared => LazyShared.Value;

    /// <summary>The calibrated log-odds that two questions have the same answer.</summary>
    /// <param name="left">The tokens of a question, at most <see cref="PairLayout.MaxTokens"/>.</param>
    /// <param name="right">The tokens of the other.</param>
    /// <param name="networkLogOdds">The log-odds by <see cref="PairNetwork"/>, which count as well.</param>
    public float LogOdds(ReadOnlySpan<int> left, ReadOnlySpan<int> right, float networkLogOdds)
    {
        var scratch = _scratches.Rent();
        var tokens = 0;
        Add(scratch, ModelLayout.ClassifierId, kind: 0, ref tokens);
        Add(scratch, left, right, firstKind: 0, ref tokens);
        Add(scratch, right, left, firstKind: 3, ref tokens);
        _model.NormaliseEmbeddings(scratch, tokens);
        _model.Transform(scratch, [tokens], _layers.Span, CancellationToken.None);
        var logOdds = Output(scratch.Hidden, left.Length, right.Length);
        _scratches.Return(scratch);
        GC.KeepAlive(_layers);
        return logOdds + (_floats[CrossEncoderLayout.NetworkFactor] * networkLogOdds) + _floats[CrossEncoderLayout.OutputBias];
    }

    /// <summary>What the vectors of the tokens of two questions come to.</summary>
    /// <param name="rows">Those of a mark, the first question, a mark, the second and a mark.</param>
    /// <param name="first">How many tokens the first has.</param>
    /// <param name="second">How many the second has.</param>
    private float Output(float* rows, int first, int second)
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

    private static CrossEncoder Load()
    {
        using var stream = (UnmanagedMemoryStream)typeof(CrossEncoder).Assembly.GetManifestResourceStream(Resource)!;
        return new CrossEncoder(MiniLmModel.Shared, new ReadOnlySpan<byte>(stream.PositionPointer, (int)stream.Length));
    }
}
