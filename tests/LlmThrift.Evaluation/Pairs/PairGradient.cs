using LlmThrift.Embeddings.Pairs;
using static LlmThrift.Evaluation.Pairs.FitSide;

namespace LlmThrift.Evaluation.Pairs;

/// <summary>
/// The gradient of the loss of a pair by every parameter: <c>PairNetwork</c> forwards, with dropout, and then backwards by the chain rule.
/// </summary>
internal sealed class PairGradient(float[] parameters, TokenTable table, int seed)
{
    private const int Key = PairLayout.Key;
    private const int Compared = PairLayout.Compared;
    private const int Base = TokenTable.Components;
    private const float TokenDropout = 0.15f;
    private const float InputDropout = 0.1f;
    private const float HiddenDropout = 0.3f;

    /// <summary>Labels are taken for right so often, no more: some of them are not.</summary>
    private const float LabelTrust = 0.98f;

    private readonly FitSide _left = new();
    private readonly FitSide _right = new();
    private readonly float[] _likeness = new float[PairLayout.MaxTokens * PairLayout.MaxTokens];
    private readonly float[] _weights = new float[PairLayout.MaxTokens * PairLayout.MaxTokens];
    private readonly float[] _likenessGradients = new float[PairLayout.MaxTokens * PairLayout.MaxTokens];
    private readonly float[] _inputs = new float[PairLayout.Inputs];
    private readonly float[] _inputsKept = new float[PairLayout.Inputs];
    private readonly float[] _inputGradients = new float[PairLayout.Inputs];
    private readonly float[] _hidden = new float[PairLayout.Hidden];
    private readonly float[] _hiddenKept = new float[PairLayout.Hidden];
    private readonly float[] _hiddenGradients = new float[PairLayout.Hidden];
    private readonly float[] _leftTotals = new float[PairLayout.MaxTokens];
    private readonly float[] _rightTotals = new float[PairLayout.MaxTokens];
    private ulong _random = ((ulong)seed * 0x9E3779B97F4A7C15) + 1;
    private bool _isFitting = true;

    public float[] Gradients { get; } = new float[FitParameters.Count];

    /// <summary>Adds the gradients of a pair.</summary>
    /// <param name="left">Tokens of a question.</param>
    /// <param name="right">Tokens of the other.</param>
    /// <param name="features">The features, scaled.</param>
    /// <param name="isSame">The label.</param>
    /// <returns>The loss.</returns>
    public float Add(int[] left, int[] right, ReadOnlySpan<float> features, bool isSame)
    {
        _left.Ids = left;
        _right.Ids = right;
        Load(_left);
        Load(_right);
        Align();
        Compare(_left);
        Compare(_right);
        Pool(features);
        var logOdds = Output();
        var target = isSame ? LabelTrust : 1 - LabelTrust;
        var probability = 1 / (1 + MathF.Exp(-logOdds));
        BackOutput(probability - target);
        BackPool();
        BackCompare(_left);
        BackCompare(_right);
        BackAlign();
        BackKeys(_left);
        BackKeys(_right);
        return -(target * MathF.Log(probability + 1e-9f)) - ((1 - target) * MathF.Log(1 - probability + 1e-9f));
    }

    /// <summary>The log-odds without dropout.</summary>
    public float LogOdds(int[] left, int[] right, ReadOnlySpan<float> features)
    {
        _isFitting = false;
        _left.Ids = left;
        _right.Ids = right;
        Load(_left);
        Load(_right);
        Align();
        Compare(_left);
        Compare(_right);
        Pool(features);
        var logOdds = Output();
        _isFitting = true;
        return logOdds;
    }

    private ReadOnlySpan<float> Part(int place, int count) => parameters.AsSpan(place, count);

    private void Load(FitSide side)
    {
        side.Clear();
        for (var i = 0; i < side.Count; i++)
        {
            var row = table[side.Ids[i]];
            var key = Row(side.Keys, i, Key);
            PairMath.AddProduct(row, Part(FitParameters.KeyMap, Base * Key), key);
            side.Lengths[i] = MathF.Sqrt(PairMath.Dot(key, key) + 1e-12f);
            PairMath.AddScaled(key, 1 / side.Lengths[i], Row(side.Directions, i, Key));
            var bases = Row(side.Bases, i, Base);
            for (var k = 0; k < Base; k++)
            {
                bases[k] = row[k] * Kept(TokenDropout);
            }

            var compared = Row(side.Compared, i, Compared);
            Part(FitParameters.OwnBiases, Compared).CopyTo(compared);
            PairMath.AddProduct(bases, Part(FitParameters.OwnMap, Base * Compared), compared);
        }
    }

    private void Align()
    {
        var sharpness = MathF.Exp(parameters[FitParameters.LogSharpness]);
        _leftTotals.AsSpan().Clear();
        _rightTotals.AsSpan().Clear();
        for (var i = 0; i < _left.Count; i++)
        {
            for (var j = 0; j < _right.Count; j++)
            {
                var place = (i * PairLayout.MaxTokens) + j;
                _likeness[place] = PairMath.Dot(Row(_left.Directions, i, Key), Row(_right.Directions, j, Key));
                _weights[place] = MathF.Exp(sharpness * (_likeness[place] - 1));
                _leftTotals[i] += _weights[place];
                _rightTotals[j] += _weights[place];
            }
        }

        for (var i = 0; i < _left.Count; i++)
        {
            for (var j = 0; j < _right.Count; j++)
            {
                var weight = _weights[(i * PairLayout.MaxTokens) + j];
                PairMath.AddScaled(Row(_right.Keys, j, Key), weight / _leftTotals[i], Row(_left.Found, i, Key));
                PairMath.AddScaled(Row(_left.Keys, i, Key), weight / _rightTotals[j], Row(_right.Found, j, Key));
            }
        }
    }

    private void Compare(FitSide side)
    {
        for (var i = 0; i < side.Count; i++)
        {
            var key = Row(side.Keys, i, Key);
            var found = Row(side.Found, i, Key);
            var both = Row(side.Both, i, 2 * Key);
            var kept = Row(side.BothKept, i, 2 * Key);
            for (var k = 0; k < Key; k++)
            {
                kept[k] = Kept(TokenDropout);
                kept[Key + k] = Kept(TokenDropout);
                both[k] = key[k] * found[k] * kept[k];
                both[Key + k] = MathF.Abs(key[k] - found[k]) * kept[Key + k];
            }

            var compared = Row(side.Compared, i, Compared);
            PairMath.AddProduct(both, Part(FitParameters.CompareWeights, 2 * Key * Compared), compared);
            for (var k = 0; k < Compared; k++)
            {
                compared[k] = Math.Max(compared[k], 0);
                side.Sums[k] += compared[k];
                if (compared[k] > side.Peaks[k])
                {
                    (side.Peaks[k], side.PeakTokens[k]) = (compared[k], i);
                }
            }
        }
    }

    private void Pool(ReadOnlySpan<float> features)
    {
        for (var k = 0; k < Compared; k++)
        {
            _inputs[k] = PairLayout.SumShare * (_left.Sums[k] + _right.Sums[k]);
            _inputs[Compared + k] = PairLayout.SumShare * MathF.Abs(_left.Sums[k] - _right.Sums[k]);
            _inputs[(2 * Compared) + k] = Math.Max(_left.Peaks[k], _right.Peaks[k]);
            _inputs[(3 * Compared) + k] = Math.Min(_left.Peaks[k], _right.Peaks[k]);
        }

        features.CopyTo(_inputs.AsSpan(4 * Compared));

        // Taken as given: no gradient goes back through them.
        AlignmentFeatures.Compute(
            PairVocabulary.Shared,
            _left.Ids,
            _right.Ids,
            _likeness,
            _inputs.AsSpan((4 * Compared) + PairFeatures.Count)
        );
        for (var k = 0; k < _inputs.Length; k++)
        {
            _inputsKept[k] = Kept(InputDropout);
            _inputs[k] *= _inputsKept[k];
        }
    }

    private float Output()
    {
        Part(FitParameters.HiddenBiases, PairLayout.Hidden).CopyTo(_hidden);
        PairMath.AddProduct(_inputs, Part(FitParameters.HiddenWeights, PairLayout.Inputs * PairLayout.Hidden), _hidden);
        for (var k = 0; k < _hidden.Length; k++)
        {
            _hiddenKept[k] = _hidden[k] <= 0 ? 0 : Kept(HiddenDropout);
            _hidden[k] *= _hiddenKept[k];
        }

        return PairMath.Dot(_hidden, Part(FitParameters.OutputWeights, PairLayout.Hidden)) + parameters[FitParameters.OutputBias];
    }

    private void BackOutput(float gradient)
    {
        Gradients[FitParameters.OutputBias] += gradient;
        PairMath.AddScaled(_hidden, gradient, Gradients.AsSpan(FitParameters.OutputWeights, PairLayout.Hidden));
        for (var k = 0; k < _hidden.Length; k++)
        {
            _hiddenGradients[k] = gradient * parameters[FitParameters.OutputWeights + k] * _hiddenKept[k];
            Gradients[FitParameters.HiddenBiases + k] += _hiddenGradients[k];
        }

        BackProduct(_inputs, FitParameters.HiddenWeights, _hiddenGradients, _inputGradients);
        for (var k = 0; k < _inputs.Length; k++)
        {
            _inputGradients[k] *= _inputsKept[k];
        }
    }

    private void BackPool()
    {
        for (var k = 0; k < Compared; k++)
        {
            var sum = PairLayout.SumShare * _inputGradients[k];
            var difference = PairLayout.SumShare * _inputGradients[Compared + k] * MathF.Sign(_left.Sums[k] - _right.Sums[k]);
            (_left.SumGradients[k], _right.SumGradients[k]) = (sum + difference, sum - difference);
            var (larger, smaller) = (_inputGradients[(2 * Compared) + k], _inputGradients[(3 * Compared) + k]);
            (_left.PeakGradients[k], _right.PeakGradients[k]) = _left.Peaks[k] >= _right.Peaks[k] ? (larger, smaller) : (smaller, larger);
        }
    }

    private void BackCompare(FitSide side)
    {
        Span<float> gradient = stackalloc float[Compared];
        Span<float> bothGradients = stackalloc float[2 * Key];
        for (var i = 0; i < side.Count; i++)
        {
            var compared = Row(side.Compared, i, Compared);
            for (var k = 0; k < Compared; k++)
            {
                gradient[k] = compared[k] > 0 ? side.SumGradients[k] + (side.PeakTokens[k] == i ? side.PeakGradients[k] : 0) : 0;
            }

            PairMath.AddScaled(gradient, 1, Gradients.AsSpan(FitParameters.OwnBiases, Compared));
            var bases = Row(side.Bases, i, Base);
            for (var k = 0; k < Base; k++)
            {
                PairMath.AddScaled(gradient, bases[k], Gradients.AsSpan(FitParameters.OwnMap + (k * Compared), Compared));
            }

            BackProduct(Row(side.Both, i, 2 * Key), FitParameters.CompareWeights, gradient, bothGradients);
            var key = Row(side.Keys, i, Key);
            var found = Row(side.Found, i, Key);
            var kept = Row(side.BothKept, i, 2 * Key);
            var keyGradients = Row(side.KeyGradients, i, Key);
            var foundGradients = Row(side.FoundGradients, i, Key);
            for (var k = 0; k < Key; k++)
            {
                var product = bothGradients[k] * kept[k];
                var difference = bothGradients[Key + k] * kept[Key + k] * MathF.Sign(key[k] - found[k]);
                keyGradients[k] += (product * found[k]) + difference;
                foundGradients[k] += (product * key[k]) - difference;
            }
        }
    }

    private void BackAlign()
    {
        var sharpness = MathF.Exp(parameters[FitParameters.LogSharpness]);
        for (var i = 0; i < _left.Count; i++)
        {
            _likenessGradients.AsSpan(i * PairLayout.MaxTokens, _right.Count).Clear();
        }

        for (var i = 0; i < _left.Count; i++)
        {
            BackFound(_left, i, _right, _leftTotals[i], start: i * PairLayout.MaxTokens, step: 1);
        }

        for (var j = 0; j < _right.Count; j++)
        {
            BackFound(_right, j, _left, _rightTotals[j], start: j, step: PairLayout.MaxTokens);
        }

        for (var i = 0; i < _left.Count; i++)
        {
            for (var j = 0; j < _right.Count; j++)
            {
                var place = (i * PairLayout.MaxTokens) + j;
                var gradient = sharpness * _likenessGradients[place];
                Gradients[FitParameters.LogSharpness] += gradient * _likeness[place];
                PairMath.AddScaled(Row(_right.Directions, j, Key), gradient, Row(_left.DirectionGradients, i, Key));
                PairMath.AddScaled(Row(_left.Directions, i, Key), gradient, Row(_right.DirectionGradients, j, Key));
            }
        }
    }

    /// <summary>Through the softmax by which a token of one side found its like in the other.</summary>
    private void BackFound(FitSide side, int token, FitSide other, float total, int start, int step)
    {
        var gradient = Row(side.FoundGradients, token, Key);
        Span<float> shares = stackalloc float[PairLayout.MaxTokens];
        var mean = 0f;
        for (var j = 0; j < other.Count; j++)
        {
            shares[j] = PairMath.Dot(gradient, Row(other.Keys, j, Key));
            var weight = _weights[start + (j * step)] / total;
            mean += weight * shares[j];
            PairMath.AddScaled(gradient, weight, Row(other.KeyGradients, j, Key));
        }

        for (var j = 0; j < other.Count; j++)
        {
            _likenessGradients[start + (j * step)] += _weights[start + (j * step)] / total * (shares[j] - mean);
        }
    }

    private void BackKeys(FitSide side)
    {
        for (var i = 0; i < side.Count; i++)
        {
            var direction = Row(side.Directions, i, Key);
            var directionGradients = Row(side.DirectionGradients, i, Key);
            var along = PairMath.Dot(direction, directionGradients);
            var keyGradients = Row(side.KeyGradients, i, Key);
            PairMath.AddScaled(directionGradients, 1 / side.Lengths[i], keyGradients);
            PairMath.AddScaled(direction, -along / side.Lengths[i], keyGradients);
            var row = table[side.Ids[i]];
            for (var k = 0; k < Base; k++)
            {
                PairMath.AddScaled(keyGradients, row[k], Gradients.AsSpan(FitParameters.KeyMap + (k * Key), Key));
            }
        }
    }

    private void BackProduct(ReadOnlySpan<float> inputs, int weights, ReadOnlySpan<float> outputGradients, Span<float> inputGradients)
    {
        for (var k = 0; k < inputs.Length; k++)
        {
            var place = weights + (k * outputGradients.Length);
            inputGradients[k] = PairMath.Dot(Part(place, outputGradients.Length), outputGradients);
            PairMath.AddScaled(outputGradients, inputs[k], Gradients.AsSpan(place, outputGradients.Length));
        }
    }

    /// <summary>0 for what is dropped, otherwise what makes up for it.</summary>
    private float Kept(float dropout)
    {
        if (!_isFitting)
        {
            return 1;
        }

        // Xorshift: fast, and good enough for this.
        _random ^= _random << 13;
        _random ^= _random >> 7;
        _random ^= _random << 17;
        return (_random >> 40) * (1f / (1 << 24)) < dropout ? 0 : 1 / (1 - dropout);
    }
}
