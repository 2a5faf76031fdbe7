namespace LlmThrift.ContextTrimming;

/// <summary>A part of a conversation that is kept or left out whole: a message, or the call of a tool with all its results.</summary>
/// <param name="FirstMessage">The position of its first message among those of the app, from 0.</param>
/// <param name="Messages">How many messages it has.</param>
/// <param name="Tokens">Its input tokens as the app sent it.</param>
/// <param name="TokensSent">Its input tokens as sent; 0 when it is left out.</param>
/// <param name="Fate">What became of it.</param>
/// <param name="Score">How much it seems to matter to the question, in standard deviations and with its neighbours; 0 for what is kept anyway.</param>
public readonly record struct TrimmedBlock(int FirstMessage, int Messages, int Tokens, int TokensSent, BlockFate Fate, double Score);
