namespace LlmThrift.SemanticCache;

/// <summary>The best slots seen so far by falling score, in memory of the caller.</summary>
internal ref struct CandidateList(Span<float> scores, Span<long> places)
{
    private readonly Span<float> _scores = scores;
    private readonly Span<long> _places = places;

    public int Count { get; private set; }

    /// <summary>Gets the score that a further candidate must exceed.</summary>
    public readonly float Threshold => Count < _scores.Length ? float.NegativeInfinity : _scores[^1];

    public readonly float ScoreAt(int rank) => rank < Count ? _scores[rank] : float.NegativeInfinity;

    public readonly (int List, int Slot) At(int rank) => ((int)(_places[rank] >> 32), (int)_places[rank]);

    public void Add(float score, int list, int slot)
    {
        if (Count < _scores.Length)
        {
            Count++;
        }

        var last = Count - 1;
        var place = last;
        while (place > 0 && _scores[place - 1] < score)
        {
            place--;
        }

        _scores[place..last].CopyTo(_scores[(place + 1)..]);
        _places[place..last].CopyTo(_places[(place + 1)..]);
        _scores[place] = score;
        _places[place] = ((long)list << 32) | (uint)slot;
    }
}
