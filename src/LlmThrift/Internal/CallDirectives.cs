namespace LlmThrift.Internal;

/// <summary>
/// Names under which extension methods leave on options what the app asks of the stages. All begin with <see cref="Prefix"/>, by which they are
/// taken out before the options reach a provider. Each stage has its own.
/// </summary>
internal static class CallDirectives
{
    public const string Prefix = "llmthrift.";
    public const string Tenant = Prefix + "tenant";
    public const string Feature = Prefix + "feature";
    public const string User = Prefix + "user";
    public const string RecordCallback = Prefix + "record_callback";
}
