using System.Text;
using LlmThrift.Embeddings.Model;
using LlmThrift.Embeddings.Tokenization;

namespace LlmThrift.Embeddings.Pairs;

/// <summary>What the pair scorer knows of each token besides its fitted weights: how rare it is, and whether it is punctuation, a number, a negation or a word that asks.</summary>
internal sealed class PairVocabulary
{
    /// <summary>The first word of the vocabulary that is a whole English word: from here on words go from the frequent to the rare.</summary>
    private const int FirstRanked = 1996;

    private const string Negations = "not no never none cannot without nothing nobody neither nor unable fail fails failed";

    private const string AskingWords =
        "what how why when where who which can is are do does did should will would could has have whose whom was were if";

    private const string Fillers =
        "a an the of to in on for with at by from is are was were be been am do does did can could will would should shall may might must have has had "
        + "i you he she it we they me my your our their his her its this that these those and or but if so as than then there here "
        + "what which who whom whose when where why how not no nor any some one get got just about into out up down over also very too s t d ll re ve m";

    private static readonly Lazy<PairVocabulary> LazyShared = new(() => new PairVocabulary(MiniLmModel.Shared.Tokenizer));

    private readonly TokenKinds[] _kinds = new TokenKinds[ModelLayout.VocabularySize];
    private readonly float[] _rarity = new float[ModelLayout.VocabularySize];

    private PairVocabulary(WordPieceTokenizer tokenizer)
    {
        Tokenizer = tokenizer;
        var negations = Negations.Split(' ');
        var askingWords = AskingWords.Split(' ');
        var fillers = Fillers.Split(' ');
        for (var id = 0; id < _kinds.Length; id++)
        {
            var token = id < ModelLayout.FirstWordId ? "" : Encoding.UTF8.GetString(tokenizer.BytesOf(id, out _));
            _kinds[id] =
                (token.Any(char.IsLetterOrDigit) ? TokenKinds.Word : TokenKinds.None)
                | (token.Any(char.IsDigit) ? TokenKinds.Number : TokenKinds.None)
                | (negations.Contains(token, StringComparer.Ordinal) ? TokenKinds.Negation : TokenKinds.None)
                | (token is "'" or "’" ? TokenKinds.Apostrophe : TokenKinds.None)
                | (token is "t" ? TokenKinds.LetterT : TokenKinds.None)
                | (askingWords.Contains(token, StringComparer.Ordinal) ? TokenKinds.Asking : TokenKinds.None)
                | (fillers.Contains(token, StringComparer.Ordinal) ? TokenKinds.Filler : TokenKinds.None);
            _rarity[id] = id < FirstRanked ? 2 : Math.Clamp(MathF.Log((id - 1900) / 20f), 0.3f, 8);
        }
    }

    public static PairVocabulary Shared => LazyShared.Value;

    public WordPieceTokenizer Tokenizer { get; }

    /// <summary>About the logarithm of how rare a token is: the vocabulary is ordered by frequency.</summary>
    public float RarityOf(int id) => _rarity[id];

    public bool Is(int id, TokenKinds kind) => (_kinds[id] & kind) != TokenKinds.None;
}
