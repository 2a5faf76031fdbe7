namespace LlmThrift.Local.Gguf;

/// <summary>
/// Checks the tensors of encoders of architecture "bert" (BERT, MiniLM, BGE, E5, GTE and their like) and "nomic-bert" against their metadata: llama.cpp ends the
/// process on some that do not fit.
/// </summary>
internal static class BertModelCheck
{
    private const long MostDimensions = 1 << 20;

    /// <summary>Checks a file whose general metadata are sound.</summary>
    /// <exception cref="LocalModelException">Something is missing or contradicts something else.</exception>
    public static void Check(GgufFile file, GgufMetadata metadata, string architecture)
    {
        long width = metadata.UInt32(architecture + ".embedding_length", 1, MostDimensions);
        long layers = metadata.UInt32(architecture + ".block_count", 1, 512);
        long inner = metadata.UInt32(architecture + ".feed_forward_length", 1, MostDimensions);
        long context = metadata.UInt32(architecture + ".context_length", 1, 1 << 24);
        long types = metadata.UInt32("tokenizer.ggml.token_type_count", 1, 1024);
        metadata.Float(architecture + ".attention.layer_norm_epsilon");
        metadata.OptionalUInt32(architecture + ".embedding_length_out", width, width);
        var keys = KeyLength(file, metadata, architecture, width);
        var turnsByPosition = architecture == "nomic-bert";

        TensorCheck.Vector(file, metadata.Tensor("token_embd_norm.weight", width));
        TensorCheck.Vector(file, metadata.Tensor("token_embd_norm.bias", width));

        // The row of the first sentence is added to activations as it is.
        TensorCheck.Vector(file, metadata.OptionalTensor("token_types.weight", width, types));
        if (!turnsByPosition)
        {
            TensorCheck.Matrix(metadata, metadata.Tensor("position_embd.weight", width, context));
            CheckRanking(file, metadata, width);
        }

        for (var i = 0L; i < layers; i++)
        {
            CheckLayer(file, metadata, $"blk.{i}.", width, keys, inner, hasGate: turnsByPosition);
        }

        TensorCheck.Rest(file, metadata, $"a model of architecture '{architecture}'");
    }

    /// <summary>How many values the keys of a token have.</summary>
    private static long KeyLength(GgufFile file, GgufMetadata metadata, string architecture, long width)
    {
        long heads = metadata.UInt32(architecture + ".attention.head_count", 1, MostDimensions);
        long keyHeads = metadata.OptionalUInt32(architecture + ".attention.head_count_kv", 1, MostDimensions) ?? heads;
        if (width % heads != 0 || heads % keyHeads != 0)
        {
            throw GgufProblem.Of(
                file.Path,
                $"has {heads} attention heads, {keyHeads} of keys and values, for {width} dimensions ('{architecture}.attention.head_count', 'head_count_kv'): "
                    + "they must divide these, and the latter the former"
            );
        }

        var head = width / heads;
        metadata.OptionalUInt32(architecture + ".attention.key_length", head, head);
        metadata.OptionalUInt32(architecture + ".attention.value_length", head, head);
        if (metadata.OptionalUInt32(architecture + ".rope.dimension_count", 0, head) is { } turned && turned % 2 != 0)
        {
            throw GgufProblem.Of(
                file.Path,
                $"turns {turned} dimensions by position ('{architecture}.rope.dimension_count'): it must be an even number"
            );
        }

        return keyHeads * head;
    }

    /// <summary>What follows the encoder in a model that ranks texts; it is not used for vectors.</summary>
    private static void CheckRanking(GgufFile file, GgufMetadata metadata, long width)
    {
        var labels = file.GetArrayLength("bert.classifier.output_labels") is > 0 and var count ? count : 1;
        TensorCheck.Matrix(metadata, metadata.OptionalTensor("cls.weight", width, width));
        TensorCheck.Vector(file, metadata.OptionalTensor("cls.bias", width));
        TensorCheck.Matrix(metadata, metadata.OptionalTensor("cls.output.weight", width, labels));
        TensorCheck.Vector(file, metadata.OptionalTensor("cls.output.bias", labels));
    }

    private static void CheckLayer(GgufFile file, GgufMetadata metadata, string layer, long width, long keys, long inner, bool hasGate)
    {
        if (metadata.OptionalTensor(layer + "attn_qkv.weight", width, width + keys + keys) is { } fused)
        {
            TensorCheck.Matrix(metadata, fused);
            TensorCheck.Vector(file, metadata.OptionalTensor(layer + "attn_qkv.bias", width + keys + keys));
        }
        else
        {
            TensorCheck.Matrix(metadata, metadata.Tensor(layer + "attn_q.weight", width, width));
            TensorCheck.Matrix(metadata, metadata.Tensor(layer + "attn_k.weight", width, keys));
            TensorCheck.Matrix(metadata, metadata.Tensor(layer + "attn_v.weight", width, keys));
        }

        TensorCheck.Vector(file, metadata.OptionalTensor(layer + "attn_q.bias", width));
        TensorCheck.Vector(file, metadata.OptionalTensor(layer + "attn_k.bias", keys));
        TensorCheck.Vector(file, metadata.OptionalTensor(layer + "attn_v.bias", keys));
        TensorCheck.Matrix(metadata, metadata.Tensor(layer + "attn_output.weight", width, width));
        TensorCheck.Vector(file, metadata.OptionalTensor(layer + "attn_output.bias", width));
        TensorCheck.Vector(file, metadata.Tensor(layer + "attn_output_norm.weight", width));
        TensorCheck.Vector(file, metadata.Tensor(layer + "attn_output_norm.bias", width));
        TensorCheck.Matrix(metadata, metadata.Tensor(layer + "ffn_up.weight", width, inner));
        TensorCheck.Vector(file, metadata.OptionalTensor(layer + "ffn_up.bias", inner));
        TensorCheck.Matrix(metadata, metadata.Tensor(layer + "ffn_down.weight", inner, width));
        TensorCheck.Vector(file, metadata.OptionalTensor(layer + "ffn_down.bias", width));
        if (hasGate)
        {
            TensorCheck.Matrix(metadata, metadata.Tensor(layer + "ffn_gate.weight", width, inner));
        }

        TensorCheck.Vector(file, metadata.Tensor(layer + "layer_output_norm.weight", width));
        TensorCheck.Vector(file, metadata.Tensor(layer + "layer_output_norm.bias", width));
    }
}
