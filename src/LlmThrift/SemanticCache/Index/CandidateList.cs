namespace LlmThrift.SemanticCache;

/// <summary>The best slots seen so far by falling score, in memory of the caller.</summary>
internal ref struct CandidateList(Span<float> scores, Span<int> lists, Span<int> slots)
{
    private readonly Span<float> _scores = scores;
    private readonly Span<int> _lists = lists;
    private readonly Span<int> _slots = slots;

    public int Count { get; private set; }

    /// <summary>Gets the score that a further candidate must exceed.</summary>
    public readonly float Threshold => Count < _scores.Length ? float.NegativeInfinity : _scores[^1];

    public readonly float ScoreAt(int rank) => rank < Count ? _scores[rank] : float.NegativeInfinity;

    public readonly (int List, int Slot) At(int rank) => (_lists[rank], _slots[rank]);

    public void Add(float score, int list, int slot)
    {
        if (Count < _scores.Length)
        {
            Count++;
        }

        var place = Count - 1;
        for (; place > 0 && _scores[place - 1] < score; place--)
        {
            _scores[place] = _scores[place - 1];
            _lists[place] = _lists[place - 1];
            _slots[place] = _slots[place - 1];
        }

        _scores[place] = score;
        _lists[place] = list;
        _slots[place] = slot;
    }
}
