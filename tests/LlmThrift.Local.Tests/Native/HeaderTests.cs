using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using LlmThrift.Local.Native;
using Xunit;

namespace LlmThrift.Local.Tests.Native;

/// <summary>What is declared here is what a C compiler makes of llama.cpp's own headers: every structure, field by field, and the numbers of its enumerations.</summary>
public sealed class HeaderTests
{
    /// <summary>The structure in C, and its fields in the order of ours.</summary>
    private static readonly Dictionary<Type, (string Name, string Fields)> Structures = new()
    {
        [typeof(LlamaBatch)] = ("struct llama_batch", "n_tokens token embd pos n_seq_id seq_id logits"),
        [typeof(LlamaChatMessage)] = ("struct llama_chat_message", "role content"),
        [typeof(LlamaTokenData)] = ("struct llama_token_data", "id logit p"),
        [typeof(LlamaTokenDataArray)] = ("struct llama_token_data_array", "data size selected sorted"),
        [typeof(LlamaModelParameters)] = (
            "struct llama_model_params",
            "devices tensor_buft_overrides n_gpu_layers split_mode load_mode lazy_mode main_gpu tensor_split progress_callback progress_callback_user_data kv_overrides "
                + "vocab_only check_tensors use_extra_bufts no_host no_alloc load_mtp"
        ),
        [typeof(LlamaContextParameters)] = (
            "struct llama_context_params",
            "n_ctx n_batch n_ubatch n_seq_max n_rs_seq n_outputs_max n_outputs_max_per_seq n_threads n_threads_batch ctx_type rope_scaling_type pooling_type attention_type "
                + "flash_attn_type rope_freq_base rope_freq_scale yarn_ext_factor yarn_attn_factor yarn_beta_fast yarn_beta_slow yarn_orig_ctx defrag_thold cb_eval "
                + "cb_eval_user_data type_k type_v abort_callback abort_callback_data embeddings offload_kqv no_perf op_offload swa_full kv_unified samplers n_samplers ctx_other"
        ),
        [typeof(LlamaQuantizeParameters)] = (
            "struct llama_model_quantize_params",
            "nthread ftype output_tensor_type token_embedding_type allow_requantize quantize_output_tensor only_copy pure keep_split dry_run imatrix kv_overrides tt_overrides "
                + "prune_layers max_buf_size"
        ),
        [typeof(LlamaImportanceData)] = ("struct llama_model_imatrix_data", "name data size"),
        [typeof(LlamaMetadataOverride)] = ("struct llama_model_kv_override", "tag key val_i64 val_str"),

        // What is left of an array is written as its first element and their number.
        [typeof(GgmlTensor)] = (
            "struct ggml_tensor",
            "type buffer ne nb op op_params flags src[0] src[1] src[2] src[3]*7 view_src view_offs data name extra padding"
        ),
    };

    [HeaderFact]
    public void Structures_lie_in_memory_as_the_headers_have_them()
    {
        var ours = typeof(LlamaNative)
            .Assembly.GetTypes()
            .Where(type => type is { IsValueType: true, IsEnum: false, IsNested: false } && type.Namespace == typeof(LlamaNative).Namespace)
            .ToList();
        var body = new StringBuilder();
        var expected = new List<string>();
        foreach (var type in ours)
        {
            Assert.True(Structures.ContainsKey(type), $"{type.Name} is compared with nothing: add it to this test.");
            var (name, fieldList) = Structures[type];
            var fields = type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);
            var names = fieldList.Split(' ');
            Assert.True(fields.Length == names.Length, $"{type.Name} has {fields.Length} fields, {name} {names.Length}.");
            body.AppendLine(CultureInfo.InvariantCulture, $"printf(\"{type.Name}: %zu\\n\", sizeof({name}));");
            expected.Add($"{type.Name}: {Marshal.SizeOf(type)}");
            foreach (var (field, fieldInC) in fields.Zip(names))
            {
                var parts = fieldInC.Split('*');
                var (inC, count) = (parts[0], parts.Length > 1 ? parts[1] : "1");
                body.AppendLine(
                    CultureInfo.InvariantCulture,
                    $"printf(\"{type.Name}.{field.Name}: %zu, %zu\\n\", offsetof({name}, {inC}), {count} * sizeof((({name} *)0)->{inC}));"
                );
                expected.Add($"{type.Name}.{field.Name}: {Marshal.OffsetOf(type, field.Name)}, {SizeOf(field.FieldType)}");
            }
        }

        Assert.Equal(Structures.Count, ours.Count);
        Assert.Equal(expected, LlamaHeaders.Run(body.ToString()));
    }

    [HeaderFact]
    public void Enumerations_have_the_numbers_of_the_headers()
    {
        (string Name, int Value)[] values =
        [
            ("LLAMA_POOLING_TYPE_MEAN", (int)LocalEmbeddingPooling.Mean),
            ("LLAMA_POOLING_TYPE_CLS", (int)LocalEmbeddingPooling.FirstToken),
            ("LLAMA_POOLING_TYPE_LAST", (int)LocalEmbeddingPooling.LastToken),
            .. Enum.GetValues<QuantizationType>()
                .Select(type => (type == QuantizationType.F32 ? "LLAMA_FTYPE_ALL_F32" : $"LLAMA_FTYPE_MOSTLY_{type}", (int)type)),
        ];

        var lines = LlamaHeaders.Run(string.Concat(values.Select(value => $"printf(\"{value.Name} = %d\\n\", {value.Name});\n")));

        Assert.Equal(values.Select(value => string.Create(CultureInfo.InvariantCulture, $"{value.Name} = {value.Value}")), lines);
    }

    private static int SizeOf(Type type) => type.IsPointer ? nint.Size : Marshal.SizeOf(type);
}
