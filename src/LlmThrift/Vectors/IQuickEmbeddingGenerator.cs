namespace LlmThrift.Vectors;

/// <summary>
/// Marks an embedding generator that computes the vector of a question in the app's own process, without waiting for anything and within a few
/// milliseconds. Stages that need the vector then call it on the thread of the request, for questions of up to 256 characters, which saves two changes of thread.
/// </summary>
/// <remarks>
/// They ask for it by <c>GetService(typeof(IQuickEmbeddingGenerator))</c>, so that it is found behind decorators, which are called all the same. What
/// blocks a thread, or may take longer than the time that a call may lose over it (50 milliseconds by default), must not be marked: a call cannot leave it behind
/// before it returns. Any other generator is called on a thread of the pool.
/// </remarks>
public interface IQuickEmbeddingGenerator;
