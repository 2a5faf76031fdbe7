namespace LlmThrift.Embeddings.Model;

/// <summary>The order of the parts of the model file, which <c>build/tools/MiniLmConverter</c> writes and <c>ModelFile</c> reads.</summary>
/// <remarks>
/// The file: <see cref="Magic"/>, the number of parts, then each part's place and length (32 bits each, little-endian), then the parts, each at a
/// multiple of <see cref="Alignment"/> bytes from the beginning.
/// </remarks>
internal static class ModelLayout
{
    public const uint Magic = 0x314D4C4D; // "MLM1"
    public const int Alignment = 64;

    public const int Dimensions = 384;
    public const int Heads = 12;
    public const int HeadDimensions = 32;
    public const int Intermediate = 1536;
    public const int Layers = 6;

    /// <summary>The most tokens of a text, with those that mark its beginning and its end.</summary>
    public const int MaxTokens = 256;

    /// <summary>The columns of a weight matrix that lie together.</summary>
    public const int PanelColumns = 16;

    public const int VocabularySize = 30522;
    public const int UnknownId = 100;
    public const int ClassifierId = 101;
    public const int SeparatorId = 102;

    /// <summary>The first token that a text can have; but for the three above, those before it stand for nothing and have no row.</summary>
    public const int FirstWordId = 999;

    /// <summary>The rows of the word-embedding table: three special tokens and the words.</summary>
    public const int WordRows = VocabularySize - FirstWordId + 3;

    /// <summary>A row of the word-embedding table has six bits a value.</summary>
    public const int WordRowBytes = Dimensions * 6 / 8;

    // A token in VocabularyEntries: where its bytes begin (24 bits), how many (7 bits), and whether it continues a word (1 bit).
    public const int EntryLengthShift = 24;
    public const uint EntryOffsetMask = 0xFFFFFF;
    public const uint EntryContinues = 0x80000000;

    // VocabularyTable: an open hash table of tokens over FNV-1a of their bytes, begun at one of two seeds.
    public const int TableBits = 16;
    public const ushort TableEmpty = 0xFFFF;
    public const uint WordSeed = 2166136261;
    public const uint ContinuationSeed = 0x5BD1E995;

    // CharacterClasses: what becomes of a code point. From FirstMapping on: a place in CharacterMappings.
    public const ushort Dropped = 0;
    public const ushort Space = 1;
    public const ushort Itself = 2;
    public const ushort Punctuation = 3;
    public const ushort Ideograph = 4;
    public const ushort Hangul = 5;
    public const ushort FirstMapping = 6;

    // CharacterMappings: a count (with IdeographFlag), then as many code points (each with PunctuationFlag where it is one).
    public const uint IdeographFlag = 0x100;
    public const uint PunctuationFlag = 0x80000000;
    public const int PageBits = 8;

    public const int VocabularyEntries = 0;
    public const int VocabularyBytes = 1;
    public const int VocabularyTable = 2;
    public const int CharacterPages = 3;
    public const int CharacterClasses = 4;
    public const int CharacterMappings = 5;
    public const int WordEmbeddings = 6;
    public const int WordScales = 7;

    /// <summary>Positions and token type 0 added up, as 16-bit floats.</summary>
    public const int PositionEmbeddings = 8;

    /// <summary>A normalisation: gains, then biases, as 32-bit floats.</summary>
    public const int EmbeddingNorm = 9;

    /// <summary>The first part of the first layer; each layer has <see cref="PartsOfLayer"/>.</summary>
    public const int FirstLayer = 10;

    // A linear map: panels of 16 columns, in them pairs of inputs (16 × 2 weights of 8 bits); then scales and biases of the columns as 32-bit floats.
    public const int AttentionInput = 0;
    public const int AttentionOutput = 1;
    public const int AttentionNorm = 2;
    public const int FeedForwardUp = 3;
    public const int FeedForwardDown = 4;
    public const int FeedForwardNorm = 5;
    public const int PartsOfLayer = 6;

    public const int Parts = FirstLayer + (Layers * PartsOfLayer);

    /// <summary>The place in the hash table where the search for a token begins.</summary>
    public static uint Slot(uint hash) => (hash * 0x9E3779B1) >> (32 - TableBits);
}
