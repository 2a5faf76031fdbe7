using System.Runtime.CompilerServices;
using LlmThrift.Embeddings.Model;

namespace LlmThrift.Embeddings.Tokenization;

/// <summary>What BERT's normaliser makes of each code point, from a table that is frozen with the weights.</summary>
internal readonly unsafe struct CharacterTable
{
    private readonly ushort* _pages;
    private readonly ushort* _classes;
    private readonly uint* _mappings;

    public CharacterTable(ModelFile file)
    {
        _pages = file.Part<ushort>(ModelLayout.CharacterPages, 0x110000 >> ModelLayout.PageBits);
        _classes = file.Part<ushort>(ModelLayout.CharacterClasses, 1 << ModelLayout.PageBits);
        _mappings = file.Part<uint>(ModelLayout.CharacterMappings, 1);
    }

    /// <summary>The class of a code point, one of those in <see cref="ModelLayout"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ushort ClassOf(uint codePoint) =>
        _classes[
            (_pages[codePoint >> ModelLayout.PageBits] << ModelLayout.PageBits) + (int)(codePoint & ((1 << ModelLayout.PageBits) - 1))
        ];

    /// <summary>The code points that stand for one whose class is <see cref="ModelLayout.FirstMapping"/> or more.</summary>
    public ReadOnlySpan<uint> MappingOf(ushort @class, out bool isIdeograph)
    {
        var mapping = _mappings + (@class - ModelLayout.FirstMapping);
        isIdeograph = (*mapping & ModelLayout.IdeographFlag) != 0;
        return new ReadOnlySpan<uint>(mapping + 1, (byte)*mapping);
    }
}
