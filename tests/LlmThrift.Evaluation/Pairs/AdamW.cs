namespace LlmThrift.Evaluation.Pairs;

/// <summary>Gradient descent with steps scaled by the gradients' moments, and weight decay apart from them (Loshchilov and Hutter, ICLR 2019).</summary>
internal sealed class AdamW(float[] parameters)
{
    private const float FirstDecay = 0.9f;
    private const float SecondDecay = 0.999f;
    private const float WeightDecay = 0.01f;

    private readonly float[] _first = new float[parameters.Length];
    private readonly float[] _second = new float[parameters.Length];
    private int _steps;

    /// <param name="gradients">Sums of gradients.</param>
    /// <param name="share">What to multiply them by.</param>
    /// <param name="rate">The learning rate.</param>
    public void Step(float[] gradients, float share, float rate)
    {
        _steps++;
        var firstFactor = 1 / (1 - MathF.Pow(FirstDecay, _steps));
        var secondFactor = 1 / (1 - MathF.Pow(SecondDecay, _steps));
        for (var i = 0; i < parameters.Length; i++)
        {
            var gradient = gradients[i] * share;
            _first[i] = (FirstDecay * _first[i]) + ((1 - FirstDecay) * gradient);
            _second[i] = (SecondDecay * _second[i]) + ((1 - SecondDecay) * gradient * gradient);
            var step = _first[i] * firstFactor / (MathF.Sqrt(_second[i] * secondFactor) + 1e-8f);
            parameters[i] -= rate * (step + (WeightDecay * parameters[i]));
        }
    }
}
