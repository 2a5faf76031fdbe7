namespace LlmThrift.Local;

/// <summary>How the vectors of a text's tokens become one.</summary>
public enum LocalEmbeddingPooling
{
    /// <summary>The mean of all tokens' vectors, as sentence-transformers models most often have it.</summary>
    Mean = 1,

    /// <summary>The vector of the first token, as BGE and other models trained on BERT's [CLS] have it.</summary>
    FirstToken = 2,

    /// <summary>The vector of the last token, as embedding models made from chat models most often have it.</summary>
    LastToken = 3,
}
