namespace LlmThrift.Routing;

/// <summary>A question, and how good the answers of a weaker and a stronger model to it were.</summary>
/// <param name="Vector">The question's embedding, of length one.</param>
/// <param name="Features">Its <see cref="PromptFeatures"/>.</param>
/// <param name="Weak">How good the weaker model's answer was, from 0 to 1.</param>
/// <param name="Strong">How good the stronger model's was.</param>
internal sealed record GainExample(float[] Vector, float[] Features, double Weak, double Strong)
{
    public double Gain => Strong - Weak;
}
