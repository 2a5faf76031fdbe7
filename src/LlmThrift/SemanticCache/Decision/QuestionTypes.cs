namespace LlmThrift.SemanticCache;

/// <summary>Tells from its question words what a question asks for.</summary>
internal static class QuestionTypes
{
    public static readonly uint How = QuestionText.Hash("how");
    public static readonly uint What = QuestionText.Hash("what");

    private static readonly Dictionary<uint, QuestionType> First = Build(
        ("how wie comment cómo como come hoe как", QuestionType.How),
        ("why warum wieso pourquoi perché waarom почему", QuestionType.Why),
        ("when wann quand cuándo quando wanneer когда", QuestionType.When),
        ("where wo où dónde dove onde waar где", QuestionType.Where),
        ("who whom whose wer qui quién chi quem wie кто", QuestionType.Who)
    );

    private static readonly Dictionary<uint, QuestionType> FollowingHow = Build(
        ("much many few big large small tall high low fast heavy old far expensive", QuestionType.HowMuch),
        ("long soon often quickly", QuestionType.HowLong),
        ("come", QuestionType.Why)
    );

    private static readonly Dictionary<uint, QuestionType> FollowingWhat = Build(("time", QuestionType.When));

    public static QuestionType Of(uint word) => First.GetValueOrDefault(word);

    public static QuestionType AfterHow(uint word) => FollowingHow.GetValueOrDefault(word);

    public static QuestionType AfterWhat(uint word) => FollowingWhat.GetValueOrDefault(word);

    private static Dictionary<uint, QuestionType> Build(params (string Words, QuestionType Type)[] lists)
    {
        var types = new Dictionary<uint, QuestionType>();
        foreach (var (words, type) in lists)
        {
            foreach (var word in words.Split(' '))
            {
                types.TryAdd(QuestionText.Hash(word), type);
            }
        }

        return types;
    }
}
