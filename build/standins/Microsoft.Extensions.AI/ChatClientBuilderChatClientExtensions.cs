namespace Microsoft.Extensions.AI;

/// <summary>Stand-in for the class of the same name.</summary>
public static class ChatClientBuilderChatClientExtensions
{
    /// <summary>Starts a pipeline over <paramref name="innerClient"/>.</summary>
    public static ChatClientBuilder AsBuilder(this IChatClient innerClient) => new(innerClient);
}
