namespace LlmThrift.Embeddings.Model;

/// <summary>Room for the intermediate results of up to <see cref="ModelLayout.MaxTokens"/> tokens, about 3.6 MB. One caller at a time.</summary>
internal sealed unsafe class MiniLmScratch
{
    private const int Tokens = ModelLayout.MaxTokens;

    // Pinned, so that pointers into it stay good; it lives as long as this object.
    private readonly byte[] _memory;

    public MiniLmScratch()
    {
        const int Floats = (
            Tokens * (ModelLayout.Dimensions + ModelLayout.Dimensions + ModelLayout.Intermediate + 1 + ModelLayout.HeadDimensions + 1)
        );
        const int Shorts = Tokens * ModelLayout.Intermediate;
        _memory = GC.AllocateUninitializedArray<byte>(
            (Floats * sizeof(float)) + (Shorts * sizeof(short)) + ModelLayout.Alignment,
            pinned: true
        );
        fixed (byte* start = _memory)
        {
            var aligned = (byte*)(((nuint)start + ModelLayout.Alignment - 1) & ~(nuint)(ModelLayout.Alignment - 1));
            Hidden = (float*)aligned;
            Context = Hidden + (Tokens * ModelLayout.Dimensions);
            Wide = Context + (Tokens * ModelLayout.Dimensions);
            Keys = Wide + (Tokens * ModelLayout.Intermediate);
            Scores = Keys + (Tokens * ModelLayout.HeadDimensions);
            RowScales = Scores + Tokens;
            Quantised = (short*)(RowScales + Tokens);
        }
    }

    /// <summary>The tokens' vectors between layers.</summary>
    public float* Hidden { get; }

    /// <summary>What attention gathered for each token; the output of a linear map that has as many outputs.</summary>
    public float* Context { get; }

    /// <summary>Queries, keys and values of each token, or the inner vectors of the feed-forward network.</summary>
    public float* Wide { get; }

    /// <summary>The keys of one head, a row a dimension.</summary>
    public float* Keys { get; }

    /// <summary>One token's weights for the tokens of its text.</summary>
    public float* Scores { get; }

    /// <summary>What one step of <see cref="Quantised"/> stands for, a token.</summary>
    public float* RowScales { get; }

    /// <summary>The input of a linear map in 16 bits.</summary>
    public short* Quantised { get; }

    /// <summary>Token ids of a text.</summary>
    public int[] Ids { get; } = new int[Tokens];
}
