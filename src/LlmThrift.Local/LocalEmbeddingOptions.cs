namespace LlmThrift.Local;

/// <summary>Which model a <see cref="LocalEmbeddingGenerator"/> runs, and how.</summary>
public sealed class LocalEmbeddingOptions
{
    /// <summary>The model's file, in the format GGUF. Required.</summary>
    public string ModelPath { get; set; } = "";

    /// <summary>What the model is called in embeddings and metadata. Default: the file's name without its extension.</summary>
    public string? ModelId { get; set; }

    /// <summary>The folder of llama.cpp's libraries. Default: null, as <see cref="LocalChatOptions.NativeLibraryPath"/>.</summary>
    public string? NativeLibraryPath { get; set; }

    /// <summary>
    /// How the vectors of a text's tokens become one. Default: null, as the model's file says, and the mean where it says nothing, as the files of chat models do.
    /// </summary>
    public LocalEmbeddingPooling? Pooling { get; set; }

    /// <summary>Whether vectors are scaled to length one, so that the dot product of two is their cosine similarity. Default: true.</summary>
    public bool Normalize { get; set; } = true;

    /// <summary>
    /// The most tokens of a text that are read, with those that mark its beginning and its end; of a longer text the beginning is read, and that is said. Default: 0, what
    /// the model was trained for, at most 2,048. More than the model was trained for is not possible.
    /// </summary>
    public int MaxTokens { get; set; }

    /// <summary>
    /// Put before each text, where the model was trained so: "query: ", "search_document: ". Default: empty. One call has its own by
    /// <c>EmbeddingGenerationOptions.AdditionalProperties["llmthrift.prefix"]</c>.
    /// </summary>
    public string Prefix { get; set; } = "";

    /// <summary>
    /// The most tokens that are evaluated in one step, of up to 64 texts, from 1 to 8,192. Default: 512. A longer text has a step for itself, for which memory grows, and stays:
    /// llama.cpp keeps four bytes for each token of a step times each token of the vocabulary.
    /// </summary>
    public int BatchSize { get; set; } = 512;

    /// <summary>Threads that compute. Default: 0, half of the logical processors, at least 1.</summary>
    public int Threads { get; set; }

    /// <summary>Layers that are computed by a GPU where the libraries have support for one; -1 for all. Default: -1.</summary>
    public int GpuLayers { get; set; } = -1;

    /// <summary>Checks the values.</summary>
    /// <param name="parameterName">What the caller knows the options as.</param>
    /// <exception cref="ArgumentException">Names every bad value.</exception>
    internal void Validate(string parameterName)
    {
        var problems = new List<string>();
        Check(!string.IsNullOrWhiteSpace(ModelPath), "ModelPath is empty: give the path of a GGUF file.");
        Check(
            Pooling is not { } pooling || Enum.IsDefined(pooling),
            $"Pooling is {Pooling}: null for the model's own, or one of {string.Join(", ", Enum.GetNames<LocalEmbeddingPooling>())}."
        );
        Check(MaxTokens >= 0, $"MaxTokens is {MaxTokens}: 0 for the model's own, or a number of tokens.");
        Check(Prefix is not null, "Prefix is null: an empty text for none.");
        Check(BatchSize is >= 1 and <= 8192, $"BatchSize is {BatchSize}: from 1 to 8,192.");
        Check(Threads >= 0, $"Threads is {Threads}: 0 for half of the processors, or a number of threads.");
        Check(GpuLayers >= -1, $"GpuLayers is {GpuLayers}: -1 for all, or a number of layers.");
        if (problems.Count > 0)
        {
            throw new ArgumentException(
                "The options of the local embedding model are not valid. " + string.Join(" ", problems),
                parameterName
            );
        }

        void Check(bool isGood, string problem)
        {
            if (!isGood)
            {
                problems.Add(problem);
            }
        }
    }
}
