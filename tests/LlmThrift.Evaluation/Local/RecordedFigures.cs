namespace LlmThrift.Evaluation.Local;

/// <summary>How many answers were those that <c>llama-completion</c> gave, to the letter.</summary>
internal sealed record RecordedFigures(int Answers, int SameAlone, int SameStreamed, int AskedAmongOthers, int SameAmongOthers);
