namespace LlmThrift.Routing;

/// <summary>A point of the curve of quality against cost.</summary>
/// <param name="Threshold">Calls that score below it go to the weaker tier.</param>
/// <param name="StrongShare">The share of calls that go to the stronger one, from 0 to 1.</param>
/// <param name="Quality">The share of the stronger tier's quality that is kept: 1 is as good.</param>
/// <param name="QualityLow">The lower end of its 95 % confidence interval.</param>
/// <param name="QualityHigh">The upper end.</param>
public sealed record PolicyPoint(double Threshold, double StrongShare, double Quality, double QualityLow, double QualityHigh);
