namespace LlmThrift.Embeddings.Model;

/// <summary>A layer of the encoder: self-attention, then a feed-forward network, each added to its input and normalised.</summary>
internal readonly unsafe struct EncoderLayer
{
    public readonly LinearLayer AttentionInput;
    public readonly LinearLayer AttentionOutput;
    public readonly float* AttentionNorm;
    public readonly LinearLayer Up;
    public readonly LinearLayer Down;
    public readonly float* FeedForwardNorm;

    public EncoderLayer(ModelFile file, int layer)
    {
        const int Dimensions = ModelLayout.Dimensions;
        var part = ModelLayout.FirstLayer + (layer * ModelLayout.PartsOfLayer);
        AttentionInput = new(file, part + ModelLayout.AttentionInput, Dimensions, 3 * Dimensions);
        AttentionOutput = new(file, part + ModelLayout.AttentionOutput, Dimensions, Dimensions);
        AttentionNorm = file.Part<float>(part + ModelLayout.AttentionNorm, 2 * Dimensions);
        Up = new(file, part + ModelLayout.FeedForwardUp, Dimensions, ModelLayout.Intermediate);
        Down = new(file, part + ModelLayout.FeedForwardDown, ModelLayout.Intermediate, Dimensions);
        FeedForwardNorm = file.Part<float>(part + ModelLayout.FeedForwardNorm, 2 * Dimensions);
    }

    /// <summary>A layer with other linear maps.</summary>
    public EncoderLayer(in EncoderLayer layer, LinearLayer attentionInput, LinearLayer attentionOutput, LinearLayer up, LinearLayer down)
    {
        AttentionInput = attentionInput;
        AttentionOutput = attentionOutput;
        AttentionNorm = layer.AttentionNorm;
        Up = up;
        Down = down;
        FeedForwardNorm = layer.FeedForwardNorm;
    }
}
