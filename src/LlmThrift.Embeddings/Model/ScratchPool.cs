namespace LlmThrift.Embeddings.Model;

/// <summary>Keeps a few scratch buffers from one call to the next, as many as may work at once. Thread-safe.</summary>
internal sealed class ScratchPool(int capacity)
{
    private readonly MiniLmScratch?[] _free = new MiniLmScratch?[capacity];

    public MiniLmScratch Rent()
    {
        for (var i = 0; i < _free.Length; i++)
        {
            if (Interlocked.Exchange(ref _free[i], null) is { } scratch)
            {
                return scratch;
            }
        }

        return new MiniLmScratch();
    }

    /// <summary>Takes a buffer back; one too many is left to the garbage collector.</summary>
    public void Return(MiniLmScratch scratch)
    {
        for (var i = 0; i < _free.Length; i++)
        {
            if (Interlocked.CompareExchange(ref _free[i], scratch, null) is null)
            {
                return;
            }
        }
    }
}
