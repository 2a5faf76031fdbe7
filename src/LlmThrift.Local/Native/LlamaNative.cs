using System.Runtime.InteropServices;

namespace LlmThrift.Local.Native;

/// <summary>The functions of llama.cpp that are used, as <c>llama.h</c> of version 0.5.0 declares them. <see cref="LlamaLibrary"/> loads the libraries.</summary>
internal static unsafe partial class LlamaNative
{
    /// <summary>Names that <see cref="LlamaLibrary"/> resolves; they are no file names.</summary>
    public const string Llama = "llmthrift-llama";

    public const string Ggml = "llmthrift-ggml";
    public const string GgmlBase = "llmthrift-ggml-base";

    [LibraryImport(Ggml, EntryPoint = "ggml_backend_load_all_from_path", StringMarshalling = StringMarshalling.Utf8)]
    public static partial void LoadBackends(string folder);

    [LibraryImport(GgmlBase, EntryPoint = "ggml_log_set")]
    public static partial void SetGgmlLog(delegate* unmanaged[Cdecl]<int, byte*, void*, void> callback, void* data);

    [LibraryImport(GgmlBase, EntryPoint = "ggml_nbytes")]
    public static partial nuint BytesOf(GgmlTensor* tensor);

    [LibraryImport(GgmlBase, EntryPoint = "ggml_backend_buffer_is_host")]
    [return: MarshalAs(UnmanagedType.I1)]
    public static partial bool IsInMainMemory(nint buffer);

    [LibraryImport(GgmlBase, EntryPoint = "ggml_backend_tensor_get")]
    public static partial void CopyFromTensor(GgmlTensor* tensor, byte* destination, nuint offset, nuint length);

    [LibraryImport(GgmlBase, EntryPoint = "ggml_op_name")]
    public static partial byte* OperationName(int operation);

    [LibraryImport(Llama, EntryPoint = "llama_log_set")]
    public static partial void SetLog(delegate* unmanaged[Cdecl]<int, byte*, void*, void> callback, void* data);

    [LibraryImport(Llama, EntryPoint = "llama_version")]
    public static partial byte* Version();

    [LibraryImport(Llama, EntryPoint = "llama_backend_init")]
    public static partial void InitializeBackend();

    [LibraryImport(Llama, EntryPoint = "llama_supports_gpu_offload")]
    [return: MarshalAs(UnmanagedType.I1)]
    public static partial bool SupportsGpu();

    [LibraryImport(Llama, EntryPoint = "llama_model_default_params")]
    public static partial LlamaModelParameters DefaultModelParameters();

    [LibraryImport(Llama, EntryPoint = "llama_context_default_params")]
    public static partial LlamaContextParameters DefaultContextParameters();

    [LibraryImport(Llama, EntryPoint = "llama_model_load_from_file", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint LoadModel(string path, LlamaModelParameters parameters);

    [LibraryImport(Llama, EntryPoint = "llama_model_free")]
    public static partial void FreeModel(nint model);

    [LibraryImport(Llama, EntryPoint = "llama_init_from_model")]
    public static partial nint CreateContext(LlamaModelHandle model, LlamaContextParameters parameters);

    [LibraryImport(Llama, EntryPoint = "llama_free")]
    public static partial void FreeContext(nint context);

    [LibraryImport(Llama, EntryPoint = "llama_n_ctx")]
    public static partial uint ContextLength(LlamaContextHandle context);

    [LibraryImport(Llama, EntryPoint = "llama_get_memory")]
    public static partial nint Memory(LlamaContextHandle context);

    [LibraryImport(Llama, EntryPoint = "llama_memory_clear")]
    public static partial void ClearMemory(nint memory, [MarshalAs(UnmanagedType.I1)] bool data);

    [LibraryImport(Llama, EntryPoint = "llama_memory_seq_rm")]
    [return: MarshalAs(UnmanagedType.I1)]
    public static partial bool RemoveFromSequence(nint memory, int sequence, int from, int to);

    [LibraryImport(Llama, EntryPoint = "llama_memory_seq_cp")]
    public static partial void CopySequence(nint memory, int source, int destination, int from, int to);

    [LibraryImport(Llama, EntryPoint = "llama_decode")]
    public static partial int Decode(LlamaContextHandle context, LlamaBatch batch);

    [LibraryImport(Llama, EntryPoint = "llama_encode")]
    public static partial int Encode(LlamaContextHandle context, LlamaBatch batch);

    [LibraryImport(Llama, EntryPoint = "llama_get_embeddings_seq")]
    public static partial float* Embedding(LlamaContextHandle context, int sequence);

    [LibraryImport(Llama, EntryPoint = "llama_get_logits_ith")]
    public static partial float* Logits(LlamaContextHandle context, int index);

    [LibraryImport(Llama, EntryPoint = "llama_model_get_vocab")]
    public static partial nint Vocabulary(LlamaModelHandle model);

    [LibraryImport(Llama, EntryPoint = "llama_vocab_n_tokens")]
    public static partial int VocabularySize(nint vocabulary);

    [LibraryImport(Llama, EntryPoint = "llama_vocab_is_eog")]
    [return: MarshalAs(UnmanagedType.I1)]
    public static partial bool EndsGeneration(nint vocabulary, int token);

    [LibraryImport(Llama, EntryPoint = "llama_vocab_bos")]
    public static partial int BeginToken(nint vocabulary);

    [LibraryImport(Llama, EntryPoint = "llama_tokenize")]
    public static partial int Tokenize(
        nint vocabulary,
        byte* text,
        int length,
        int* tokens,
        int capacity,
        [MarshalAs(UnmanagedType.I1)] bool addSpecial,
        [MarshalAs(UnmanagedType.I1)] bool parseSpecial
    );

    [LibraryImport(Llama, EntryPoint = "llama_token_to_piece")]
    public static partial int PieceOf(
        nint vocabulary,
        int token,
        byte* destination,
        int length,
        int skippedSpaces,
        [MarshalAs(UnmanagedType.I1)] bool special
    );

    [LibraryImport(Llama, EntryPoint = "llama_model_n_ctx_train")]
    public static partial int TrainedContextLength(LlamaModelHandle model);

    [LibraryImport(Llama, EntryPoint = "llama_model_n_embd_out")]
    public static partial int EmbeddingLength(LlamaModelHandle model);

    [LibraryImport(Llama, EntryPoint = "llama_model_size")]
    public static partial ulong SizeOf(LlamaModelHandle model);

    [LibraryImport(Llama, EntryPoint = "llama_model_n_params")]
    public static partial ulong ParametersOf(LlamaModelHandle model);

    [LibraryImport(Llama, EntryPoint = "llama_model_has_decoder")]
    [return: MarshalAs(UnmanagedType.I1)]
    public static partial bool HasDecoder(LlamaModelHandle model);

    [LibraryImport(Llama, EntryPoint = "llama_model_has_encoder")]
    [return: MarshalAs(UnmanagedType.I1)]
    public static partial bool HasEncoder(LlamaModelHandle model);

    [LibraryImport(Llama, EntryPoint = "llama_model_chat_template")]
    public static partial byte* ChatTemplate(LlamaModelHandle model, byte* name);

    [LibraryImport(Llama, EntryPoint = "llama_chat_apply_template")]
    public static partial int ApplyTemplate(
        byte* template,
        LlamaChatMessage* messages,
        nuint count,
        [MarshalAs(UnmanagedType.I1)] bool addAssistant,
        byte* destination,
        int length
    );

    [LibraryImport(Llama, EntryPoint = "llama_model_quantize_default_params")]
    public static partial LlamaQuantizeParameters DefaultQuantizeParameters();

    [LibraryImport(Llama, EntryPoint = "llama_model_quantize", StringMarshalling = StringMarshalling.Utf8)]
    public static partial uint Quantize(string source, string target, in LlamaQuantizeParameters parameters);

    [LibraryImport(Llama, EntryPoint = "llama_vocab_get_add_bos")]
    [return: MarshalAs(UnmanagedType.I1)]
    public static partial bool AddsBeginToken(nint vocabulary);

    [LibraryImport(Llama, EntryPoint = "llama_sampler_chain_init")]
    public static partial nint CreateSamplerChain([MarshalAs(UnmanagedType.I1)] bool withoutTimings);

    [LibraryImport(Llama, EntryPoint = "llama_sampler_chain_add")]
    public static partial void AddToChain(LlamaSamplerHandle chain, nint sampler);

    [LibraryImport(Llama, EntryPoint = "llama_sampler_free")]
    public static partial void FreeSampler(nint sampler);

    [LibraryImport(Llama, EntryPoint = "llama_sampler_init_greedy")]
    public static partial nint GreedySampler();

    [LibraryImport(Llama, EntryPoint = "llama_sampler_init_dist")]
    public static partial nint RandomSampler(uint seed);

    [LibraryImport(Llama, EntryPoint = "llama_sampler_init_top_k")]
    public static partial nint TopKSampler(int k);

    [LibraryImport(Llama, EntryPoint = "llama_sampler_init_top_p")]
    public static partial nint TopPSampler(float p, nuint keepAtLeast);

    [LibraryImport(Llama, EntryPoint = "llama_sampler_init_min_p")]
    public static partial nint MinPSampler(float p, nuint keepAtLeast);

    [LibraryImport(Llama, EntryPoint = "llama_sampler_init_temp")]
    public static partial nint TemperatureSampler(float temperature);

    [LibraryImport(Llama, EntryPoint = "llama_sampler_init_penalties")]
    public static partial nint PenaltySampler(int vocabularySize, int lastTokens, float repeat, float frequency, float presence);

    [LibraryImport(Llama, EntryPoint = "llama_sampler_init_grammar", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint GrammarSampler(nint vocabulary, string grammar, string root);

    [LibraryImport(Llama, EntryPoint = "llama_sampler_apply")]
    public static partial void Apply(LlamaSamplerHandle sampler, LlamaTokenDataArray* candidates);

    [LibraryImport(Llama, EntryPoint = "llama_sampler_accept")]
    public static partial void Accept(LlamaSamplerHandle sampler, int token);
}
