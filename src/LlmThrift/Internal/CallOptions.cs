using System.Text.Json.Serialization;
using Microsoft.Extensions.AI;

namespace LlmThrift.Internal;

/// <summary>
/// The app's options with the state of the call on board. It survives other people's decorators, which copy options by the virtual
/// <see cref="ChatOptions.Clone"/>, and providers see plain options. LlmThrift's own properties are taken out, so that none reaches a provider.
/// </summary>
internal sealed class CallOptions : ChatOptions
{
    private CallOptions(ChatOptions? options, CallContext context)
        : base(options)
    {
        Context = context;
    }

    [JsonIgnore]
    public CallContext Context { get; }

    /// <summary>The options that carry the call's state: <paramref name="options"/> itself where they do, else a copy.</summary>
    public static CallOptions From(ChatOptions? options)
    {
        if (options is CallOptions carrying)
        {
            return carrying;
        }

        var context = new CallContext();
        var copy = new CallOptions(options, context);
        if (copy.AdditionalProperties is { } properties)
        {
            context.TakeFrom(properties);
            if (properties.Count == 0)
            {
                copy.AdditionalProperties = null;
            }
        }

        return copy;
    }

    /// <summary>A copy on which another call's state rides.</summary>
    public CallOptions With(CallContext context) => new(this, context);

    public override ChatOptions Clone() => new CallOptions(this, Context);
}
