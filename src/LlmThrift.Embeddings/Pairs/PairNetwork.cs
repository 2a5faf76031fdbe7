namespace LlmThrift.Embeddings.Pairs;

/// <summary>Scores two questions that were read. One for each thread: it holds the room to work in.</summary>
/// <remarks>
/// After Parikh et al., <i>A Decomposable Attention Model for Natural Language Inference</i>, EMNLP 2016: each token looks for its like in the other
/// question, is compared with what it found, and the comparisons are added up. Tokens are known by a small fitted table, so no encoder runs.
/// Added to it: features of the words, and the similarity of the sentences' vectors, which keeps its own weight in the result.
/// </remarks>
internal sealed class PairNetwork(PairWeights weights, PairVocabulary vocabulary)
{
    private const int Key = PairLayout.Key;
    private const int Compared = PairLayout.Compared;

    private Side _left = new();
    private Side _right = new();
    private readonly float[] _likeness = new float[PairLayout.MaxTokens * PairLayout.MaxTokens];
    private readonly float[] _inputs = new float[PairLayout.Inputs];
    private readonly float[] _hidden = new float[PairLayout.Hidden];
    private readonly float[] _last = new float[PairLayout.Last];

    public PairWeights Weights => weights;

    /// <summary>The tokens of the first question of the last pair.</summary>
    public ReadOnlySpan<int> LeftTokens => _left.Question.Tokens;

    /// <summary>The tokens of the other.</summary>
    public ReadOnlySpan<int> RightTokens => _right.Question.Tokens;

    /// <summary>The features of the last pair, scaled.</summary>
    public ReadOnlySpan<float> Features => _inputs.AsSpan(4 * Compared, PairFeatures.Count);

    /// <summary>The calibrated log-odds that two questions have the same answer.</summary>
    public float LogOdds(string left, string right, float cosine)
    {
        // A question is compared with several others in a row: what was read of it is still there, on one side or the other.
        if (ReferenceEquals(_left.Text, right) || ReferenceEquals(_right.Text, left))
        {
            (_left, _right) = (_right, _left);
        }

        _left.Read(vocabulary, weights, left);
        _right.Read(vocabulary, weights, right);
        Align();
        Compare(_left);
        Compare(_right);
        Pool();
        var features = _inputs.AsSpan(4 * Compared);
        PairFeatures.Compute(vocabulary, _left.Question, _right.Question, cosine, features);
        for (var i = 0; i < PairFeatures.Count; i++)
        {
            var scaled = (features[i] - weights[PairLayout.FeatureMeans + i]) * weights[PairLayout.FeatureFactors + i];
            features[i] = Math.Clamp(scaled, -PairLayout.FeatureBound, PairLayout.FeatureBound);
        }

        AlignmentFeatures.Compute(
            vocabulary,
            _left.Question.Tokens,
            _right.Question.Tokens,
            _likeness,
            _inputs.AsSpan((4 * Compared) + PairFeatures.Count)
        );
        var sum = Output() + (weights[PairLayout.CosineWeight] * cosine);
        return (weights[PairLayout.CalibrationFactor] * sum) + weights[PairLayout.CalibrationShift];
    }

    /// <summary>Finds for each token a mixture of the other question's tokens that are like it.</summary>
    private void Align()
    {
        _left.Begin();
        _right.Begin();
        for (var i = 0; i < _left.Count; i++)
        {
            PairMath.Dots(_left.DirectionOf(i), _right.Directions, _likeness.AsSpan(i * PairLayout.MaxTokens, _right.Count));
        }

        _left.Find(_right, _likeness, rowStep: PairLayout.MaxTokens, columnStep: 1, weights[PairLayout.Sharpness]);
        _right.Find(_left, _likeness, rowStep: 1, columnStep: PairLayout.MaxTokens, weights[PairLayout.Sharpness]);
    }

    private void Compare(Side side)
    {
        var compareWeights = weights.Part(PairLayout.CompareWeights, 2 * Key * Compared);
        Span<float> both = stackalloc float[2 * Key];
        Span<float> compared = stackalloc float[Compared];
        for (var i = 0; i < side.Count; i++)
        {
            PairMath.Contrast(side.KeyOf(i), side.FoundBy(i), side.FoundFactors[i], both);
            side.OwnOf(i).CopyTo(compared);
            PairMath.AddProduct(both, compareWeights, compared);
            PairMath.Activate(compared);
            PairMath.Pool(compared, side.Sums, side.Peaks);
        }
    }

    private void Pool()
    {
        for (var k = 0; k < Compared; k++)
        {
            _inputs[k] = PairLayout.SumShare * (_left.Sums[k] + _right.Sums[k]);
            _inputs[Compared + k] = PairLayout.SumShare * MathF.Abs(_left.Sums[k] - _right.Sums[k]);
            _inputs[(2 * Compared) + k] = Math.Max(_left.Peaks[k], _right.Peaks[k]);
            _inputs[(3 * Compared) + k] = Math.Min(_left.Peaks[k], _right.Peaks[k]);
        }
    }

    private float Output()
    {
        weights.Part(PairLayout.HiddenBiases, PairLayout.Hidden).CopyTo(_hidden);
        PairMath.AddProduct(_inputs, weights.Part(PairLayout.HiddenWeights, PairLayout.Inputs * PairLayout.Hidden), _hidden);
        PairMath.Activate(_hidden);
        weights.Part(PairLayout.LastBiases, PairLayout.Last).CopyTo(_last);
        PairMath.AddProduct(_hidden, weights.Part(PairLayout.LastWeights, PairLayout.Hidden * PairLayout.Last), _last);
        PairMath.Activate(_last);
        return PairMath.Dot(_last, weights.Part(PairLayout.OutputWeights, PairLayout.Last)) + weights[PairLayout.OutputBias];
    }

    /// <summary>One of the two questions.</summary>
    private sealed class Side
    {
        private readonly float[] _keys = new float[PairLayout.MaxTokens * Key];
        private readonly float[] _directions = new float[PairLayout.MaxTokens * Key];
        private readonly float[] _found = new float[PairLayout.MaxTokens * Key];
        private readonly float[] _own = new float[PairLayout.MaxTokens * Compared];

        public string? Text { get; private set; }

        public PairQuestion Question { get; } = new();

        public int Count => Question.Tokens.Length;

        /// <summary>What makes a mean of the weighted sum that a token found.</summary>
        public float[] FoundFactors { get; } = new float[PairLayout.MaxTokens];

        public float[] Sums { get; } = new float[Compared];

        public float[] Peaks { get; } = new float[Compared];

        public ReadOnlySpan<float> KeyOf(int token) => _keys.AsSpan(token * Key, Key);

        /// <summary>The key, scaled to length one.</summary>
        public ReadOnlySpan<float> DirectionOf(int token) => _directions.AsSpan(token * Key, Key);

        public ReadOnlySpan<float> Directions => _directions.AsSpan(0, Count * Key);

        public Span<float> FoundBy(int token) => _found.AsSpan(token * Key, Key);

        public ReadOnlySpan<float> OwnOf(int token) => _own.AsSpan(token * Compared, Compared);

        public void Read(PairVocabulary vocabulary, PairWeights weights, string text)
        {
            if (ReferenceEquals(Text, text))
            {
                return;
            }

            Text = text;
            Question.Read(vocabulary, text);
            weights.Read(Question.Tokens, _keys, _own);
            _directions.AsSpan(0, Count * Key).Clear();
            for (var i = 0; i < Count; i++)
            {
                var key = KeyOf(i);
                PairMath.AddScaled(key, 1 / MathF.Sqrt(PairMath.Dot(key, key) + 1e-12f), _directions.AsSpan(i * Key, Key));
            }
        }

        public void Begin()
        {
            _found.AsSpan(0, Count * Key).Clear();
            Sums.AsSpan().Clear();
            Peaks.AsSpan().Fill(Count > 0 ? float.MinValue : 0);
        }

        /// <summary>Finds for each token the other question's keys, weighted by how like they are: a softmax, whose sum <see cref="FoundFactors"/> divides out.</summary>
        public void Find(Side other, ReadOnlySpan<float> likeness, int rowStep, int columnStep, float sharpness)
        {
            Span<float> row = stackalloc float[PairLayout.MaxTokens];
            var shares = row[..other.Count];
            var keys = other._keys.AsSpan(0, other.Count * Key);
            for (var i = 0; i < Count; i++)
            {
                for (var j = 0; j < shares.Length; j++)
                {
                    shares[j] = likeness[(i * rowStep) + (j * columnStep)];
                }

                // Likeness is at most 1, so nothing overflows and the largest need not be searched for.
                PairMath.Sharpen(row[..((shares.Length + 7) & ~7)], greatest: 1, sharpness);
                var total = 0f;
                foreach (var share in shares)
                {
                    total += share;
                }

                FoundFactors[i] = total > 0 ? 1 / total : 0;
                PairMath.AddProduct(shares, keys, FoundBy(i));
            }
        }
    }
}
