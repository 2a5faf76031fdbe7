using System.Globalization;
using System.Text;

namespace LlmThrift.Local.Gguf;

/// <summary>
/// Checks that a GGUF file holds a language model that llama.cpp v0.5.0 can load: sizes, vocabulary, token embeddings; of Llama and BERT models every tensor
/// (<see cref="LlamaModelCheck"/>, <see cref="BertModelCheck"/>). Where llama.cpp would end the process, or refuse without a reason in words, an exception says what is wrong.
/// </summary>
internal static class GgufModelCheck
{
    private const int MostLayers = 512;
    private const int MostExperts = 1024;
    private const long LongestContext = 1 << 24;
    private const long MostDimensions = 1 << 20;
    private const uint MostPooling = 3;
    private const uint Ranking = 4;

    private static readonly string[] TokenIds =
    [
        "bos",
        "eos",
        "eot",
        "eom",
        "unknown",
        "seperator",
        "padding",
        "cls",
        "mask",
        "fim_pre",
        "fim_suf",
        "fim_mid",
        "fim_pad",
        "fim_rep",
        "fim_sep",
        "prefix",
        "suffix",
        "middle",
    ];

    private static readonly string[] Switches =
    [
        "add_bos_token",
        "add_eos_token",
        "add_sep_token",
        "add_space_prefix",
        "remove_extra_whitespaces",
        "normalizer.lowercase",
        "normalizer.strip_accents",
    ];

    private static readonly string[] Tokenizers = ["llama", "gpt2", "bert", "t5", "rwkv", "plamo2", "gemma4", "hybriddna", "whitespace"];

    // llama.cpp keeps no memory of what these have read, without which they cannot write token by token.
    private static readonly string[] WithoutMemory =
    [
        "bert",
        "nomic-bert",
        "nomic-bert-moe",
        "neo-bert",
        "modern-bert",
        "jina-bert-v2",
        "jina-bert-v3",
        "eurobert",
        "gemma-embedding",
        "llama-embed",
        "t5encoder",
        "dream",
        "llada",
        "llada-moe",
        "rnd1",
    ];

    private static readonly string[] RopeScalings = ["none", "linear", "yarn", "longrope"];

    /// <summary>Checks a file.</summary>
    /// <exception cref="LocalModelException">Something is missing or contradicts something else.</exception>
    public static void Check(GgufFile file, GgufModelUse use)
    {
        foreach (var key in file.Keys)
        {
            if (file.Find(key) is { Type: GgufValueType.Array, ElementType: GgufValueType.Array })
            {
                throw GgufProblem.Of(file.Path, $"has an array of arrays in '{key}', which llama.cpp cannot read", GgufProblem.Convert);
            }
        }

        var metadata = new GgufMetadata(file);
        if (file.GetInteger("split.count") is > 1 and var parts)
        {
            throw GgufProblem.Of(
                file.Path,
                $"is one of {GgufProblem.Number(parts)} parts of a model",
                "Join the parts into one file with llama.cpp's llama-gguf-split --merge."
            );
        }

        var architecture = metadata.Text("general.architecture");
        metadata.OptionalText("general.name");
        metadata.OptionalUInt32("general.file_type");
        metadata.OptionalText("tokenizer.chat_template");
        if (architecture is "clip" or "mmproj")
        {
            throw GgufProblem.Of(
                file.Path,
                $"holds an image or audio encoder (architecture '{architecture}') rather than a language model",
                "Take the language model's file."
            );
        }

        CheckUse(file, metadata, architecture, use);
        metadata.OptionalUInt32(architecture + ".vocab_size");
        var layers = metadata.UInt32(architecture + ".block_count", 1, MostLayers);
        metadata.UInt32(architecture + ".context_length", 1, LongestContext);
        var width = metadata.UInt32(architecture + ".embedding_length", 1, MostDimensions);
        CheckHeads(file, metadata, architecture, layers);
        CheckExperts(file, metadata, architecture, layers);
        CheckRope(file, metadata, architecture);
        CheckVocabulary(file, metadata);

        var embeddings = metadata.Tensor("token_embd.weight", width, file.VocabularySize);
        metadata.CanMultiply(embeddings);
        if (architecture == "llama")
        {
            LlamaModelCheck.Check(file, metadata);
        }
        else if (architecture is "bert" or "nomic-bert")
        {
            BertModelCheck.Check(file, metadata, architecture);
        }
    }

    private static void CheckUse(GgufFile file, GgufMetadata metadata, string architecture, GgufModelUse use)
    {
        const string TextInstead = "Take a model that writes text, one that was trained for chats.";
        var causalKey = architecture + ".attention.causal";
        var poolingKey = architecture + ".pooling_type";
        var isCausal = metadata.OptionalBoolean(causalKey) ?? true;

        // All bits set: the file does not say, as where the key is absent. llama.cpp ends the process on what is no kind of pooling.
        var pooling = metadata.OptionalUInt32(poolingKey) is { } number and not uint.MaxValue ? number : 0;
        if (use == GgufModelUse.Text)
        {
            if (WithoutMemory.Contains(architecture, StringComparer.Ordinal))
            {
                throw GgufProblem.Of(
                    file.Path,
                    $"holds an encoder, which does not write text token by token (architecture '{architecture}')",
                    TextInstead
                );
            }

            if (!isCausal)
            {
                throw GgufProblem.Of(file.Path, $"holds an encoder, which does not write text ('{causalKey}' is false)", TextInstead);
            }

            if (pooling > 0)
            {
                throw GgufProblem.Of(
                    file.Path,
                    $"holds an embedding model, which does not write text ('{poolingKey}' is {pooling})",
                    TextInstead
                );
            }
        }
        else if (use == GgufModelUse.Embedding && pooling > MostPooling)
        {
            throw GgufProblem.Of(
                file.Path,
                pooling == Ranking
                    ? $"holds a model that ranks texts and has no vectors for them ('{poolingKey}' is {pooling})"
                    : $"has {GgufProblem.Number(pooling)} in '{poolingKey}': it must be from 0 to {MostPooling}",
                "Take an embedding model."
            );
        }
    }

    private static void CheckHeads(GgufFile file, GgufMetadata metadata, string architecture, uint layers)
    {
        var key = architecture + ".attention.head_count";

        // These have states in place of attention heads.
        var recurrent = architecture.Contains("mamba", StringComparison.Ordinal) || architecture.Contains("rwkv", StringComparison.Ordinal);
        if (recurrent && file.Find(key) is null or { Scalar: 0u })
        {
            return;
        }

        if (file.GetNumbers(key) is not { } heads)
        {
            metadata.UInt32(key, 1, MostDimensions);
        }
        else if (heads.Length != layers || heads.Any(count => count is < 0 or > MostDimensions) || heads.All(count => count == 0))
        {
            throw GgufProblem.Of(
                file.Path,
                $"has {file.Find(key)!.Description} in '{key}': {layers} numbers, one a layer, are needed, none negative and not all 0",
                GgufProblem.Convert
            );
        }
    }

    private static void CheckExperts(GgufFile file, GgufMetadata metadata, string architecture, uint layers)
    {
        var experts = metadata.OptionalUInt32(architecture + ".expert_count", 0, MostExperts) ?? 0;
        var usedKey = architecture + ".expert_used_count";
        double[] used = file.GetNumbers(usedKey) ?? [metadata.OptionalUInt32(usedKey, 0, MostExperts) ?? 0];
        if (used.Length != 1 && used.Length != layers)
        {
            throw GgufProblem.Of(file.Path, $"has {used.Length} numbers in '{usedKey}' for {layers} layers", GgufProblem.Convert);
        }

        var most = used.Max();
        if (used.Min() < 0 || most > experts || (most == 0) != (experts == 0))
        {
            throw GgufProblem.Of(
                file.Path,
                $"says that {GgufProblem.Number(most)} experts of {experts} are used at a time ('{usedKey}', '{architecture}.expert_count'): "
                    + "1 to all of them are needed, or 0 of 0",
                GgufProblem.Convert
            );
        }

        var groups = metadata.OptionalUInt32(architecture + ".expert_group_count", 0, MostExperts) ?? 0;
        var usedGroups = metadata.OptionalUInt32(architecture + ".expert_group_used_count", 0, MostExperts) ?? 0;
        if (groups > 0 && (groups >= experts || (groups > 1 && (experts % groups != 0 || usedGroups == 0 || usedGroups >= groups))))
        {
            throw GgufProblem.Of(
                file.Path,
                $"divides {experts} experts into {groups} groups of which {usedGroups} are used ('{architecture}.expert_group_count')",
                GgufProblem.Convert
            );
        }

        metadata.OptionalUInt32(architecture + ".nextn_predict_layers", 0, layers);
    }

    private static void CheckRope(GgufFile file, GgufMetadata metadata, string architecture)
    {
        metadata.OptionalFloat(architecture + ".rope.freq_base", zero: false);
        metadata.OptionalFloat(architecture + ".rope.scaling.factor", zero: true);
        metadata.OptionalFloat(architecture + ".rope.scale_linear", zero: true);
        metadata.OptionalFloat(architecture + ".rope.scaling.attn_factor", zero: false);
        metadata.OptionalFloat(architecture + ".rope.scaling.alpha", zero: true);
        metadata.OptionalUInt32(architecture + ".rope.scaling.original_context_length", 1, LongestContext);
        metadata.OptionalBoolean(architecture + ".rope.scaling.finetuned");
        var key = architecture + ".rope.scaling.type";
        if (metadata.OptionalText(key) is { } scaling && !RopeScalings.Contains(scaling, StringComparer.Ordinal))
        {
            throw GgufProblem.Of(
                file.Path,
                $"has {GgufProblem.Quote(scaling)} in '{key}': llama.cpp knows {string.Join(", ", RopeScalings)}",
                GgufProblem.Convert
            );
        }
    }

    private static void CheckVocabulary(GgufFile file, GgufMetadata metadata)
    {
        const string Tokens = "tokenizer.ggml.tokens";
        const string Types = "tokenizer.ggml.token_type";
        const string Scores = "tokenizer.ggml.scores";
        var model = metadata.Text("tokenizer.ggml.model");
        if (model is "no_vocab" or "none")
        {
            throw GgufProblem.Of(
                file.Path,
                "has no vocabulary (tokenizer.ggml.model is '" + model + "')",
                "Take a file with a vocabulary."
            );
        }

        if (!Tokenizers.Contains(model, StringComparer.Ordinal))
        {
            throw GgufProblem.Of(
                file.Path,
                $"has the tokenizer {GgufProblem.Quote(model)}: llama.cpp v0.5.0 knows {string.Join(", ", Tokenizers)}",
                "Download it again; if it was made for a newer llama.cpp, a newer LlmThrift.Local is needed."
            );
        }

        metadata.OptionalText("tokenizer.ggml.pre");
        metadata.OptionalUInt32("tokenizer.ggml.token_type_count");
        var count = metadata.Array(Tokens, GgufValueType.Text);

        // A vocabulary of pieces is read by its scores and types; of others scores are rarely there.
        var pieces = model == "llama";
        if (pieces || file.Find(Types) is not null)
        {
            metadata.Array(Types, count, GgufValueType.Int32);
        }

        if (pieces || file.Find(Scores) is not null)
        {
            metadata.Array(Scores, count, GgufValueType.Float32, GgufValueType.Int32);
            if (Array.FindIndex(file.GetNumbers(Scores)!, double.IsNaN) is >= 0 and var place)
            {
                throw GgufProblem.Of(file.Path, $"has a score that is not a number: that of token {place} ('{Scores}')");
            }
        }

        if (model is "gpt2" or "gemma4" && file.GetString("tokenizer.ggml.pre") != "kimi-k2")
        {
            metadata.Array("tokenizer.ggml.merges", GgufValueType.Text);
        }

        if (file.Find("tokenizer.ggml.suppress_tokens") is not null)
        {
            metadata.Array("tokenizer.ggml.suppress_tokens", GgufValueType.Int32);
        }

        CheckTokens(file, pieces, file.GetNumbers(Types));
        foreach (var name in Switches)
        {
            metadata.OptionalBoolean("tokenizer.ggml." + name);
        }

        // Where the file says nothing, llama.cpp takes the tokenizer's usual ids, and ends the process if it needs one that is beyond the vocabulary.
        var least = model == "bert" ? 104 : 12;
        if (count < least)
        {
            throw GgufProblem.Of(
                file.Path,
                $"has a vocabulary of {count} tokens: tokenizer '{model}' needs at least {least}",
                GgufProblem.Convert
            );
        }

        foreach (var name in TokenIds)
        {
            var key = $"tokenizer.ggml.{name}_token_id";

            // All bits set: there is no such token.
            if (metadata.OptionalUInt32(key) is { } id and not uint.MaxValue && id >= count)
            {
                throw GgufProblem.Of(
                    file.Path,
                    $"has {id} in '{key}', beyond the vocabulary of {GgufProblem.Number(count)} tokens (0 to {GgufProblem.Number(count - 1)})"
                );
            }
        }
    }

    // llama.cpp ends the process on a token that is there twice, and, when it first meets it in a text, on a byte for which there is no token.
    private static void CheckTokens(GgufFile file, bool pieces, double[]? types)
    {
        const int ByteToken = 6;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var place = 0;
        foreach (var text in file.GetStrings("tokenizer.ggml.tokens", Encoding.Latin1)!)
        {
            // llama.cpp reads up to the first zero, and names empty tokens itself.
            var end = text.IndexOf('\0', StringComparison.Ordinal);
            var token = end < 0 ? text : text[..end];
            if (token.Length == 0)
            {
                token = $"[EMPTY_{place.ToString(CultureInfo.InvariantCulture)}]";
            }

            if (!seen.Add(token))
            {
                throw GgufProblem.Of(file.Path, $"has the token {Show(token)} twice in its vocabulary, the second time as {place}");
            }

            if (types?[place] == ByteToken && !IsByte(token))
            {
                throw GgufProblem.Of(file.Path, $"has token {place}, {Show(token)}, as a byte's, which would be written like <0x0A>");
            }

            place++;
        }

        for (var b = 1; pieces && b < 256; b++)
        {
            var name = $"<0x{b:X2}>";
            if (!seen.Contains(name) && !seen.Contains(((char)b).ToString()))
            {
                throw GgufProblem.Of(
                    file.Path,
                    $"has no token for the byte {name}, so that some texts could not be read",
                    GgufProblem.Convert
                );
            }
        }
    }

    private static bool IsByte(string token) =>
        token.Length == 6
        && token.StartsWith("<0x", StringComparison.Ordinal)
        && token[5] == '>'
        && char.IsAsciiHexDigit(token[3])
        && char.IsAsciiHexDigit(token[4]);

    private static string Show(string latin1) => GgufProblem.Quote(Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(latin1)));
}
