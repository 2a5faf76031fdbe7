namespace LlmThrift.Internal.Caching;

/// <summary>What a look-up found, if anything, and what it leaves behind for keeping the answer.</summary>
internal readonly record struct CacheLookUp<TTrail>(RecordedResponse? Found, ServedAnswer? Served, TTrail Trail);
