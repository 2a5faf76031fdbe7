namespace LlmThrift.SemanticCache;

/// <summary>Unit vectors and their ids, searched one by one. Safe for concurrent use.</summary>
internal sealed class VectorIndex(int dimensions)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, float[]> _vectors = [];

    public void Add(int id, ReadOnlySpan<float> unitVector)
    {
        if (unitVector.Length != dimensions)
        {
            throw new ArgumentException($"The vector has {unitVector.Length} dimensions, not {dimensions}.", nameof(unitVector));
        }

        lock (_gate)
        {
            _vectors[id] = unitVector.ToArray();
        }
    }

    public bool Remove(int id)
    {
        lock (_gate)
        {
            return _vectors.Remove(id);
        }
    }

    /// <summary>Writes the nearest vectors to <paramref name="destination"/>, by falling similarity; returns how many there are.</summary>
    public int Search(ReadOnlySpan<float> unitVector, Span<Neighbor> destination)
    {
        var found = 0;
        lock (_gate)
        {
            foreach (var (id, vector) in _vectors)
            {
                var similarity = UnitVectors.Dot(unitVector, vector);
                if (found == destination.Length && similarity <= destination[^1].Similarity)
                {
                    continue;
                }

                var place = found < destination.Length ? found++ : found - 1;
                for (; place > 0 && destination[place - 1].Similarity < similarity; place--)
                {
                    destination[place] = destination[place - 1];
                }

                destination[place] = new Neighbor(id, similarity);
            }
        }

        return found;
    }
}
