namespace LlmThrift.Tokens;

/// <summary>A piece of text on its way to its token: cut out, and its place in the table being fetched.</summary>
internal unsafe struct PlannedPiece
{
    public byte* Text;
    public ulong Key;
    public void* Slot;
    public int Length;
}
