namespace LlmThrift.Local.Tools;

/// <summary>What an answer begins a call with.</summary>
/// <param name="Literals">Texts in ASCII, between which there may be white space.</param>
/// <param name="OnlyAtStart">It counts at the beginning of an answer alone; elsewhere it is text.</param>
/// <param name="Seed">What of it belongs to the call's JSON.</param>
/// <param name="Rest">The rule of the grammar for what follows it.</param>
internal sealed record CallMarker(IReadOnlyList<string> Literals, bool OnlyAtStart, string Seed, string Rest);
