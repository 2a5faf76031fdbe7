namespace LlmThrift.Local.Gguf;

/// <summary>
/// Checks the tensors of a model of architecture "llama" (Llama 1 to 3, Mistral, Mixtral and what descends from them) against its metadata: llama.cpp ends the
/// process on some that do not fit.
/// </summary>
internal static class LlamaModelCheck
{
    private const long MostDimensions = 1 << 20;

    /// <summary>Checks a file whose general metadata are sound.</summary>
    /// <exception cref="LocalModelException">Something is missing or contradicts something else.</exception>
    public static void Check(GgufFile file, GgufMetadata metadata)
    {
        long width = metadata.UInt32("llama.embedding_length", 1, MostDimensions);
        long layers = metadata.UInt32("llama.block_count", 1, 512);
        long heads = metadata.UInt32("llama.attention.head_count", 1, MostDimensions);
        long keyHeads = metadata.OptionalUInt32("llama.attention.head_count_kv", 1, MostDimensions) ?? heads;
        long inner = metadata.UInt32("llama.feed_forward_length", 1, MostDimensions);
        long experts = metadata.OptionalUInt32("llama.expert_count") ?? 0;
        metadata.Float("llama.attention.layer_norm_rms_epsilon");
        var head = HeadLength(file, metadata, width, heads);
        if (keyHeads > heads || heads % keyHeads != 0)
        {
            throw GgufProblem.Of(
                file.Path,
                $"has {heads} attention heads for {keyHeads} of keys and values ('llama.attention.head_count_kv'), which does not divide them"
            );
        }

        metadata.OptionalUInt32("llama.embedding_length_out", width, width);
        metadata.OptionalUInt32("llama.nextn_predict_layers", 0, 0);
        TensorCheck.Matrix(metadata, metadata.OptionalTensor("output.weight", width, file.VocabularySize));
        TensorCheck.Vector(file, metadata.Tensor("output_norm.weight", width));
        TensorCheck.Vector(file, metadata.OptionalTensor("rope_freqs.weight", head / 2));
        TensorCheck.Vector(file, metadata.OptionalTensor("rope_factors_long.weight", head / 2));
        TensorCheck.Vector(file, metadata.OptionalTensor("rope_factors_short.weight", head / 2));
        for (var i = 0L; i < layers; i++)
        {
            CheckLayer(file, metadata, $"blk.{i}.", width, head, heads, keyHeads, inner, experts);
        }

        TensorCheck.Rest(file, metadata, "a Llama model");
    }

    private static long HeadLength(GgufFile file, GgufMetadata metadata, long width, long heads)
    {
        var key = metadata.OptionalUInt32("llama.attention.key_length", 1, MostDimensions);
        var value = metadata.OptionalUInt32("llama.attention.value_length", 1, MostDimensions);
        if ((key is null || value is null) && width % heads != 0)
        {
            throw GgufProblem.Of(
                file.Path,
                $"has {heads} attention heads ('llama.attention.head_count'), which do not divide 'llama.embedding_length' {width}"
            );
        }

        var length = key ?? (width / heads);
        if ((value ?? (width / heads)) != length)
        {
            throw GgufProblem.Of(
                file.Path,
                $"has keys of {length} and values of {value ?? (width / heads)} dimensions ('llama.attention.key_length', 'value_length'): they must be alike"
            );
        }

        var rope = metadata.OptionalUInt32("llama.rope.dimension_count") ?? length;
        if (rope != length || length % 2 != 0)
        {
            throw GgufProblem.Of(
                file.Path,
                $"turns {rope} dimensions by position ('llama.rope.dimension_count') of heads with {length}: it must be all of them, and an even number"
            );
        }

        return length;
    }

    private static void CheckLayer(
        GgufFile file,
        GgufMetadata metadata,
        string layer,
        long width,
        long head,
        long heads,
        long keyHeads,
        long inner,
        long experts
    )
    {
        var queries = head * heads;
        var keys = head * keyHeads;
        TensorCheck.Vector(file, metadata.Tensor(layer + "attn_norm.weight", width));
        TensorCheck.Vector(file, metadata.Tensor(layer + "ffn_norm.weight", width));
        if (metadata.OptionalTensor(layer + "attn_qkv.weight", width, queries + keys + keys) is { } fused)
        {
            TensorCheck.Matrix(metadata, fused);
        }
        else
        {
            TensorCheck.Matrix(metadata, metadata.Tensor(layer + "attn_q.weight", width, queries));
            TensorCheck.Matrix(metadata, metadata.Tensor(layer + "attn_k.weight", width, keys));
            TensorCheck.Matrix(metadata, metadata.Tensor(layer + "attn_v.weight", width, keys));
        }

        TensorCheck.Matrix(metadata, metadata.Tensor(layer + "attn_output.weight", queries, width));
        TensorCheck.Vector(file, metadata.OptionalTensor(layer + "attn_qkv.bias", queries + keys + keys));
        TensorCheck.Vector(file, metadata.OptionalTensor(layer + "attn_q.bias", queries));
        TensorCheck.Vector(file, metadata.OptionalTensor(layer + "attn_k.bias", keys));
        TensorCheck.Vector(file, metadata.OptionalTensor(layer + "attn_v.bias", keys));
        TensorCheck.Vector(file, metadata.OptionalTensor(layer + "attn_output.bias", width));
        if (experts == 0)
        {
            TensorCheck.Matrix(metadata, metadata.Tensor(layer + "ffn_gate.weight", width, inner));
            TensorCheck.Matrix(metadata, metadata.Tensor(layer + "ffn_up.weight", width, inner));
            TensorCheck.Matrix(metadata, metadata.Tensor(layer + "ffn_down.weight", inner, width));
            TensorCheck.Vector(file, metadata.OptionalTensor(layer + "ffn_gate.bias", inner));
            TensorCheck.Vector(file, metadata.OptionalTensor(layer + "ffn_up.bias", inner));
            TensorCheck.Vector(file, metadata.OptionalTensor(layer + "ffn_down.bias", width));
        }
        else
        {
            TensorCheck.Matrix(metadata, metadata.Tensor(layer + "ffn_gate_inp.weight", width, experts));
            TensorCheck.Matrix(metadata, metadata.Tensor(layer + "ffn_gate_exps.weight", width, inner, experts));
            TensorCheck.Matrix(metadata, metadata.Tensor(layer + "ffn_up_exps.weight", width, inner, experts));
            TensorCheck.Matrix(metadata, metadata.Tensor(layer + "ffn_down_exps.weight", inner, width, experts));
        }
    }
}
